/** Where the visitor is: the part of the address behind #, as `/name/rest?parameters`. */
import { signal } from '@preact/signals';

export interface Place {
  page: string;
  rest: string;
  parameters: URLSearchParams;
}

export const place = signal<Place>(read());

window.addEventListener('hashchange', () => {
  place.value = read();
});

function read(): Place {
  const [path = '', query = ''] = location.hash.slice(1).split('?', 2);
  const [, page = '', rest = ''] = path.split('/');
  return { page: page || 'gallery', rest: decodeURIComponent(rest), parameters: new URLSearchParams(query) };
}

function addressOf(page: string, parameters: Record<string, string | undefined> = {}): string {
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const query = new URLSearchParams(given).toString();
  return `#/${page}${query ? `?${query}` : ''}`;
}

/** Changes the parameters of the page one is on, without a new entry in the browser's history. */
export function refine(parameters: Record<string, string | undefined>): void {
  history.replaceState(null, '', addressOf(place.value.page, parameters));
  place.value = read();
}
