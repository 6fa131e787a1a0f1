/** Where the module is written. */
export const file: string;

/** The module's text. */
export function pageTexts(): Promise<string>;
