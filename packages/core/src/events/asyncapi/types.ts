/** The part of AsyncAPI 3 that is written and read here. */

/** A JSON Schema, draft 07. */
export type JsonSchema = Record<string, unknown>;

/** One event type of a topic. */
export interface MessageObject {
  name: string;
  title: string;
  contentType: string;
  headers: JsonSchema;
  /** The envelope as it is on the wire. */
  payload: JsonSchema;
}

/** An AsyncAPI 3.0 document. */
export interface AsyncApiDocument {
  asyncapi: '3.0.0';
  info: { title: string; version: string; description?: string };
  defaultContentType: 'application/json';
  channels: Record<string, { address: string; messages: Record<string, { $ref: string }> }>;
  operations: Record<string, { action: 'send' | 'receive'; channel: { $ref: string } }>;
  components: { messages: Record<string, MessageObject>; schemas: Record<string, JsonSchema> };
}
