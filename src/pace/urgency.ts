/** Who goes before whom at one gate. */

export type Standing =
  /** Before everybody else, whoever they are. */
  | 'before all'
  /** Before the others of the same role; among roles it is as any other. */
  | 'before own'
  | 'usual'
  /** When nobody of the others waits. */
  | 'after all';

export interface Urgency {
  standing: Standing;
  /** One that stands after all does so until it must go to be over by then: from then on it stands as the others do. */
  by?: Deadline;
}

export interface Deadline {
  /** On the clock of Date.now(). */
  at: number;
  /** What one such call takes, as far as is known by now. */
  secondsEach(): number;
}

export const usual: Urgency = { standing: 'usual' };
