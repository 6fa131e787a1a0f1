// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of configurations look like that
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpansionError, expand, VariableValue } from './expand.js';

const text = (source: string, variables: Record<string, string | undefined> = {}) => {
  const value = expand(source, variables);
  return value instanceof VariableValue ? value.text : value;
};

describe('expand', () => {
  it('replaces variables, takes defaults where they are unset or empty, and leaves the rest alone', () => {
    const variables = { HOST: 'broker', PORT: '4222', EMPTY: '' };
    expect(text('nats://${HOST}:${PORT}', variables)).toBe('nats://broker:4222');
    expect(text('${NOPE:-a:-b}/${EMPTY:-c}/${EMPTY}', variables)).toBe('a:-b/c/');
    expect(text('${HOST:-x}', variables)).toBe('broker');
    expect(text('$HOST costs 5$ {HOST}', variables)).toBe('$HOST costs 5$ {HOST}');
    expect(text('$${HOST}', variables)).toBe('${HOST}');
  });

  it('does not expand what a variable holds', () => {
    expect(text('a ${A}', { A: '${B}', B: 'b' })).toBe('a ${B}');
  });

  it('tells what was one variable and nothing else', () => {
    expect(expand('${A}', { A: '5' })).toEqual(new VariableValue('A', '5'));
    expect(expand('${A:-7}', {})).toEqual(new VariableValue('A', '7'));
    expect(expand('${A}s', { A: '5' })).toBe('5s');
  });

  it.each(['${', '${A', '${}', '${1A}', '${A-b}', '${A:b}', '${A:-${B}}', '${a b}'])(
    'refuses %j',
    (source) => {
      expect(() => expand(source, {})).toThrow(ExpansionError);
      expect(() => expand(source, {})).toThrow("'$${' for a plain '${'");
    },
  );

  it('names a variable that is not set, unless its name may be part of a secret', () => {
    expect(() => expand('x${NATS_TOKEN}', {})).toThrow("the environment variable 'NATS_TOKEN' is not set");
    expect(() => expand('hun${ter2}', {})).toThrow('the environment variable that it names is not set');
    expect(() => expand('${toString}', {})).toThrow('is not set');
  });

  it('gives back any text whose ${ are written $${', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('$', '{', '}', 'A', ':-', 'é', ' ')), (parts) => {
        const plain = parts.join('');
        expect(text(plain.replaceAll('${', () => '$${'))).toBe(plain);
      }),
    );
  });

  it('puts any value between any texts, as it is', () => {
    const harmless = fc.string().filter((part) => !/[${}]/.test(part));
    fc.assert(
      fc.property(harmless, fc.string(), harmless, (before, value, after) => {
        expect(text(`${before}\${A}${after}`, { A: value })).toBe(before + value + after);
        expect(text(`${before}\${B:-${before}}${after}`)).toBe(before + before + after);
      }),
    );
  });

  it('answers every text with a text or an ExpansionError, in linear time', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('${', '$', '{', '}', 'A', ':-', '-')), (parts) => {
        try {
          expect(typeof text(parts.join(''), { A: '1' })).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(ExpansionError);
        }
      }),
    );
    expect(text('${A}'.repeat(100_000), { A: 'b' })).toHaveLength(100_000);
  });
});
