// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Grafana look like that
import { expect, it } from 'vitest';
import { labelNamesIn, metricNamesIn, variablesIn } from './promql.js';

it('finds metrics among functions, keywords, labels, texts and durations', () => {
  const expr =
    'histogram_quantile(0.99, sum by (job, le) (rate(a_bucket{topic=~"b|c}", x!="d"}[5m]))) / on (job) group_left (team) e ' +
    'unless max without(instance) (f:g offset 1h) > bool 0 or label_replace(h, "i", "$1", "j", "(.*)")';
  expect(metricNamesIn(expr)).toEqual(['a_bucket', 'e', 'f:g', 'h']);
  expect(metricNamesIn('count({job="a"})')).toEqual([]);
  expect(labelNamesIn(expr)).toEqual(['topic', 'x', 'job', 'instance']);
});

it('finds variables in every form', () => {
  expect(variablesIn('${a}_total{b="$b", c=~"${c:regex}"}[$__rate_interval] [[d]] $b')).toEqual([
    'a',
    'b',
    'c',
    '__rate_interval',
    'd',
  ]);
});
