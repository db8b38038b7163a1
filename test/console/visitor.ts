/** A visitor of the console without a browser: keeps the cookie, sends what the page would send. */
import type { WhoAmI } from '../../src/console/server/answers.js';
import type { TestGateway } from '../gateway.js';

export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  content: T;
}

export interface Visitor {
  who: WhoAmI;
  cookie: string;
  get<T>(path: string): Promise<Answer<T>>;
  post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
  /** The raw answer, for media. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export function ownerOf(gateway: TestGateway): { role: string; password: string } {
  const { username, password } = new URL(gateway.url);
  return { role: username, password: decodeURIComponent(password) };
}

/** What the sign-in form sends. */
export async function askToSignIn(
  gateway: TestGateway,
  account: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<WhoAmI>> {
  const response = await fetch(new URL('/api/session', gateway.console), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(gateway.console).origin, ...headers },
    body: JSON.stringify(account),
  });
  return {
    status: response.status,
    headers: response.headers,
    content: (await response.json()) as WhoAmI,
  };
}

export async function signIn(gateway: TestGateway, account = ownerOf(gateway)): Promise<Visitor> {
  const { status, headers, content: who } = await askToSignIn(gateway, account);
  if (status !== 200) throw new Error(`not signed in: ${JSON.stringify(who)}`);
  const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { origin } = new URL(gateway.console);
  const send = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, gateway.console), { ...init, headers: { cookie, ...init.headers } });
  const told = async <T>(response: Response): Promise<Answer<T>> => ({
    status: response.status,
    headers: response.headers,
    content: (await response.json()) as T,
  });
  return {
    who,
    cookie,
    fetch: send,
    get: async (path) => told(await send(path)),
    post: async (path, body = {}, extra = {}) =>
      told(
        await send(path, {
          method: 'POST',
          headers: {
            origin,
            'content-type': 'application/json',
            'x-csrf-token': who.csrfToken,
            ...extra,
          },
          body: JSON.stringify(body),
        }),
      ),
  };
}

export const file =
  "to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')";

/** A statement that makes one saved picture. */
export function pictureOf(prompt: string, rest: Record<string, unknown> = {}): string {
  const request = JSON.stringify({ prompt, output_dir: 'oss://demo/pictures/', ...rest });
  return `SELECT ai_gen('qwen_image_2', '${request.replaceAll("'", "''")}', ${file})`;
}
