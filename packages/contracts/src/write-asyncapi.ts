// Writes docs/asyncapi.json: npm run docs
import { writeFileSync } from 'node:fs';
import packageJson from '../package.json' with { type: 'json' };
import { asyncApiDocument } from './asyncapi.ts';

const file = new URL('../../../docs/asyncapi.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(asyncApiDocument(packageJson.version), undefined, 2)}\n`);
