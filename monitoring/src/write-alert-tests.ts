// `node monitoring/src/write-alert-tests.ts FOLDER` writes the files for promtool: the chart's rules, filled, and a
// test file for each alert.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { filledRules, promtoolTests } from './promtool.ts';

const [, , folder] = argv;
if (!folder) throw new Error('which folder?');
for (const [name, yaml] of filledRules()) writeFileSync(join(folder, name), yaml);
for (const [alert, json] of promtoolTests()) writeFileSync(join(folder, `${alert}.json`), json);
