/** `@ebus/core/asyncapi`: an AsyncAPI 3 document of typed topics, and the differences of two of them. */

export { type ContractChange, compareAsyncApi } from './compare.js';
export { type AsyncApiDocument, type AsyncApiOptions, asyncApi, type TopicContract } from './document.js';
