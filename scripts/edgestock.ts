// The operator's command. It only finds the command that is meant; what that does is in the package it comes from.
import { RELEASE } from '@edgestock/shared/runtime/release';
import { subcommands } from './command-line/commands.ts';
import { dispatch } from './command-line/dispatch.ts';

process.exitCode = await dispatch(process.argv.slice(2), {
  subcommands,
  release: RELEASE,
  output: { answer: (text) => console.log(text), complain: (text) => console.error(text) },
});
