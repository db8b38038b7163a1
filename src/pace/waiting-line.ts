/** Lines of those who wait: joining, leaving from anywhere and taking the first cost the same however long a line is. */

export interface Line<T> {
  readonly length: number;
  /** Joins at the end. The returned function leaves from wherever the value is by then, and does nothing when it was taken. */
  join(value: T): () => void;
  take(): T | undefined;
}

interface Place<T> {
  value: T;
  before: Place<T> | undefined;
  behind: Place<T> | undefined;
  left: boolean;
}

export function createLine<T>(): Line<T> {
  let first: Place<T> | undefined;
  let last: Place<T> | undefined;
  let length = 0;

  function remove(place: Place<T>): void {
    if (place.left) return;
    place.left = true;
    length -= 1;
    if (place.before) place.before.behind = place.behind;
    else first = place.behind;
    if (place.behind) place.behind.before = place.before;
    else last = place.before;
  }

  return {
    get length() {
      return length;
    },
    join(value) {
      const place: Place<T> = { value, before: last, behind: undefined, left: false };
      if (last) last.behind = place;
      else first = place;
      last = place;
      length += 1;
      return () => remove(place);
    },
    take() {
      const place = first;
      if (place) remove(place);
      return place?.value;
    },
  };
}

export interface FairLine<T> {
  readonly length: number;
  /** Joins its group; `first`: before all of the group that did not say so. */
  join(value: T, group: string, first?: boolean): () => void;
  take(): T | undefined;
}

interface Group<T> {
  first: Line<T>;
  rest: Line<T>;
}

/** A line in which the groups that wait have their turns one after the other; first come, first within a group. */
export function createFairLine<T>(): FairLine<T> {
  const groups = new Map<string, Group<T>>();
  /** Each group of `groups` once. One that nobody waits in any more is dropped when its turn comes. */
  const turns = createLine<string>();
  return {
    get length() {
      let length = 0;
      for (const { first, rest } of groups.values()) length += first.length + rest.length;
      return length;
    },
    join(value, name, first = false) {
      const group = groups.get(name) ?? { first: createLine<T>(), rest: createLine<T>() };
      if (!groups.has(name)) {
        groups.set(name, group);
        turns.join(name);
      }
      return (first ? group.first : group.rest).join(value);
    },
    take() {
      for (let name = turns.take(); name !== undefined; name = turns.take()) {
        const group = groups.get(name);
        const value = group?.first.take() ?? group?.rest.take();
        if (group && group.first.length + group.rest.length > 0) turns.join(name);
        else groups.delete(name);
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}
