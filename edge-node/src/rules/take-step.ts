import { unreachable } from '@edgestock/shared/runtime/assert';
import { pickTask } from './pick-task.ts';
import { Recording } from './recording.ts';
import { shipTask } from './ship-task.ts';
import type { Decision, SiteState } from './site-state.ts';
import { leavingUnits, type Task, type TaskState, type TaskStep } from './task.ts';
import type { TakeStep } from './task-command.ts';

const statesBefore: Readonly<Record<TaskStep, readonly TaskState[]>> = {
  pick: ['open'],
  pack: ['picked'],
  // A small shop does all in one. Of one that was given up, the parcel may have left before anybody heard of it (P4).
  ship: ['open', 'picked', 'packed', 'released'],
};

/** Decides a step of a task. A step that was done by the same request is done; by another, or out of turn, it is refused. */
export function takeStep(state: SiteState, command: TakeStep): Decision {
  const { task: id, step } = command;
  const task = state.documents.task(id);
  if (task === undefined) return { outcome: 'refused', refusal: { refusal: 'unknown', document: 'task', id } };
  const done = state.documents.stepDone(id, step);
  if (done === command.fingerprint) return { outcome: 'done-before' };
  if (done !== undefined) return outOfTurn(task, `its ${step} was recorded before, with other contents`);
  if (!statesBefore[step].includes(task.state)) {
    return outOfTurn(task, `${step} can be recorded of a task that is ${statesBefore[step].join(', ')}`);
  }
  const isUntold = command.step === 'ship' && command.lines === undefined;
  if (isUntold && task.state === 'released' && task.lines.every((line) => leavingUnits(task, line) === 0)) {
    return outOfTurn(task, nothingPicked);
  }
  const recording = new Recording(state);
  const after = afterStep(task, command, recording);
  if ('outcome' in after) return after;
  const told = { ...after, changedAt: state.now };
  return recording.decision([
    { document: 'task', task: told },
    {
      ...{ document: 'task-step', task: told, step, fingerprint: command.fingerprint },
      ...(command.actor === undefined ? {} : { actor: command.actor }),
    },
  ]);
}

const nothingPicked =
  'none of it was picked and waited for the carrier when it was given up; if goods left all the same, say which (lines)';

function afterStep(
  task: Task,
  command: TakeStep,
  recording: Recording,
): Task | Extract<Decision, { outcome: 'invalid' }> {
  switch (command.step) {
    case 'pick':
      return pickTask(task, command, recording);
    case 'pack':
      return { ...task, state: 'packed' };
    case 'ship':
      return shipTask(task, command, recording);
    default:
      return unreachable(command);
  }
}

function outOfTurn({ id, state }: Task, why: string): Decision {
  return { outcome: 'refused', refusal: { refusal: 'wrong-state', document: 'task', id, state, why } };
}
