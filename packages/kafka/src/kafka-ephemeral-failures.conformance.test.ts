import { conformanceOf, failureGroups } from './testing/conformance.js';

await conformanceOf('ephemeral', failureGroups);
