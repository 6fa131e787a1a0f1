/** Several transactions at once. */
import assert from 'node:assert/strict';
import { eventOf, LONG } from '../scenario.js';
import type { Group } from '../suite.js';

/** Concurrent transactions: no event is lost or out of order, and none blocks another aggregate. */
export const transactions: Group = ({ testConcurrent }) => {
  testConcurrent(
    'transactions that commit in another order than they wrote are all there',
    async (scenario) => {
      const slow = await scenario.begin();
      await scenario.store.save(slow.tx, eventOf('slow1'));
      await scenario.save('quick1');
      const quick = await scenario.store.claim(10, LONG);
      assert.deepEqual(
        quick.map(({ envelope }) => envelope.aggregateId),
        ['quick'],
      );
      await scenario.store.markPublished(quick);
      await slow.commit();
      assert.deepEqual(await scenario.claimNames(), ['slow1']);
    },
  );

  testConcurrent('a transaction that stays open delays no other aggregate', async (scenario) => {
    const open = await scenario.begin();
    await scenario.store.save(open.tx, eventOf('open1'));
    for (let version = 1; version <= 5; version++) {
      await scenario.save(`a${version}`, `b${version}`);
      const claimed = await scenario.store.claim(10, LONG);
      assert.equal(claimed.length, 2);
      await scenario.store.markPublished(claimed);
    }
    await open.rollback();
    assert.deepEqual(await scenario.claimNames(), []);
  });

  testConcurrent('events of one aggregate come in the order of the commits', async (scenario) => {
    const first = await scenario.begin();
    await scenario.store.save(first.tx, eventOf('a1'));
    const second = await scenario.begin();
    let saved = false;
    const saving = scenario.store.save(second.tx, eventOf('a2')).then(() => {
      saved = true;
    });
    // Another transaction goes through meanwhile: had the second not waited, it would have written.
    await scenario.save('other1');
    if (saved) {
      await second.commit();
      assert.deepEqual(
        await scenario.claimNames(),
        ['other1'],
        'a2 must wait for the transaction that wrote a1',
      );
      await first.commit();
    } else {
      await first.commit();
      await saving;
      await second.commit();
    }
    const names = await scenario.claimNames();
    assert.deepEqual(
      names.filter((name) => name !== 'other1'),
      ['a1', 'a2'],
    );
  });

  testConcurrent(
    'a transaction that is rolled back lets the next one of its aggregate go on',
    async (scenario) => {
      const first = await scenario.begin();
      await scenario.store.save(first.tx, eventOf('a1'));
      const second = await scenario.begin();
      const saving = scenario.store.save(second.tx, eventOf('a2'));
      await first.rollback();
      await saving;
      await second.commit();
      assert.deepEqual(await scenario.claimNames(), ['a2']);
    },
  );

  testConcurrent('transactions of several aggregates do not lock each other up', async (scenario) => {
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const transaction = await scenario.begin();
        const mine = writer % 2 === 0 ? names : names.toReversed();
        await scenario.store.save(transaction.tx, ...mine.map((name) => eventOf(`${name}${writer + 1}`)));
        await transaction.commit();
      }),
    );
    assert.equal((await scenario.claimNames()).length, 32);
  });
};
