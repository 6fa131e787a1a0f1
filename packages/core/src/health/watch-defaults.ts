/** How probes are watched where nothing else is configured. */
export const WATCH_DEFAULTS = {
  monitorInterval: '30s',
  warningThreshold: 3,
  errorThreshold: 5,
  criticalThreshold: 10,
} as const;
