import { WrongCall } from '@edgestock/shared/command/wrong-call';

const PORT_MAX = 65_535;

/** Port of a flag; 0 lets the system choose. Throws `WrongCall`. */
export function portOf(flag: string, text: string): number {
  return wholeNumberOf(flag, text, { min: 0, max: PORT_MAX });
}

export function wholeNumberOf(flag: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new WrongCall(`--${flag} ${text} cannot be`, `It is a whole number from ${min} to ${max}.`);
  }
  return value;
}
