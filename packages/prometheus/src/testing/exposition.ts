/** Reads the text format of Prometheus. */

/** Every sample by its name and labels as they are written, `publish_total{topic="orders"}`. */
export function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, series, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      if (series === undefined) throw new Error(`not a sample: ${line}`);
      return [series, Number(value)];
    }),
  );
}

/** The same without histograms, and names without their prefix, as an object to compare with. */
export function figuresOf(text: string, prefix = 'ebus_eventbus_'): Record<string, number> {
  const samples = [...samplesOf(text)].filter(([series]) => !/_(bucket|sum|count)(\{|$)/.test(series));
  return Object.fromEntries(samples.map(([series, value]) => [series.replace(prefix, ''), value]));
}

/** The types of all metrics, by name. */
export function typesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
  );
}
