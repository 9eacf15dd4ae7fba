import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from '../../domain/reconcile-options.ts';

/** Exit code for options that make no sense (`EX_USAGE` of sysexits). */
export const EXIT_USAGE = 64;

/** The options of a command line without program names. Throws UsageError. */
export function parseArguments<O extends NonNullable<ParseArgsConfig['options']>>(argv: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Reads this process's options; prints the help, or what is wrong with them, and ends the process where they say so. */
export function optionsOrExit<T>(parse: (argv: readonly string[]) => T | 'help', help: string): T {
  try {
    const options = parse(process.argv.slice(2));
    if (options !== 'help') return options;
    process.stdout.write(help);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nTry --help.\n`);
    process.exit(EXIT_USAGE);
  }
}
