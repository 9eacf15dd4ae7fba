import { describe, expect, it } from 'vitest';
import { packagesIn, undeclared, workspaces } from './workspaces.mjs';

describe('a workspace', () => {
  it.each(workspaces())('%s declares every package that its sources import', (workspace) => {
    expect(undeclared(workspace)).toEqual([]);
  });

  it('is looked for in every room of the repository', () => {
    for (const room of ['services/intent', 'packages/kafka', 'enabler']) expect(workspaces()).toContain(room);
  });
});

it('finds the packages of a source in every way of importing, and no files, comments or parts of Node', () => {
  const source = `
    import a from 'a';
    import { b } from "@b/c/deep/file.js";
    import 'side-effect';
    export * from 'd';
    const lazy = await import('e/f.js');
    type G = import('g').G;
    import { join } from 'node:path'; import fs from 'fs/promises'; import { x } from './x.ts';
    // import h from 'h';
    /* import i from 'i'; */
  `;
  expect([...packagesIn(source)].toSorted()).toEqual(['@b/c', 'a', 'd', 'e', 'g', 'side-effect']);
});
