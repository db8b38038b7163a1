/** The forms that rules of `parameters` have. */

export interface Dimensions {
  width: number;
  height: number;
}

/** `listed`: only these; `area`: total pixels; `side`: each side; `ratio`: widest allowed width:height. */
export interface SizeRule {
  listed?: readonly string[];
  area?: readonly [minimum: number, maximum: number];
  side?: readonly [minimum: number, maximum: number];
  ratio?: number;
  /** Accepted although outside `area`: the pages recommend sizes that miss their own minimum. */
  alsoListed?: readonly string[];
  /** Classes that stand for a size. */
  words?: readonly string[];
}

export type FieldRule =
  | { kind: 'boolean' }
  | { kind: 'text' }
  | { kind: 'integer'; minimum: number; maximum: number; message?: string }
  | { kind: 'number'; minimum: number; maximum: number }
  | { kind: 'choice'; values: readonly string[] }
  | { kind: 'numbers'; values: readonly number[] }
  | { kind: 'size'; size: SizeRule }
  /** A list of boxes for each picture that goes in. */
  | { kind: 'boxes' }
  /** Colours and how much there is of each. */
  | { kind: 'palette' }
  | { kind: 'refused' };

export interface FamilyRules {
  fields: Readonly<Record<string, FieldRule>>;
  /** What the provider assumes; a missing `size` means that it follows the input picture. */
  defaults: {
    size?: string;
    resolution?: string;
    n?: number;
    duration?: number;
  };
}
