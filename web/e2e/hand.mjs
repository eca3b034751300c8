// A pair of hands without a browser: somebody who writes faster than any page, into rooms that are not encrypted.

/** @typedef {{ msgtype: string, body: string } & Record<string, unknown>} Content */

export class Hand {
  #url = '';
  #token = '';
  userId = '';
  #n = 0;

  /** Makes an account from a link. @param {string} link @param {string} account */
  static async signsUp(link, account) {
    const hand = new Hand();
    const { origin, hash } = new URL(link);
    hand.#url = origin;
    const body = { username: account, password: 'four plain words here' };
    const first = await hand.asks('POST', 'v3/register', body, 401);
    const auth = { type: 'm.login.registration_token', token: hash.split('/').at(-1), session: first.session };
    const login = await hand.asks('POST', 'v3/register', { ...body, auth });
    hand.#token = login.access_token;
    hand.userId = login.user_id;
    return hand;
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @param {number} [expected] @returns {Promise<any>} */
  async asks(method, path, body, expected = 200) {
    const response = await fetch(`${this.#url}/_matrix/client/${path}`, {
      method,
      headers: { ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.status !== expected) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Makes an open announcement room in which everybody may write. @param {string} name @param {string[]} invited */
  async makesRoom(name, invited) {
    const { room_id: room } = await this.asks('POST', 'v3/createRoom', {
      name,
      invite: invited,
      creation_content: { 'org.wardroom.announcement': true },
      power_level_content_override: { events_default: 0 },
    });
    return /** @type {string} */ (room);
  }

  /** Sends a message and returns its id. @param {string} room @param {Content | string} content */
  async sends(room, content) {
    const said = typeof content === 'string' ? { msgtype: 'm.text', body: content } : content;
    const { event_id: id } = await this.asks('PUT', `v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${++this.#n}`, said);
    return /** @type {string} */ (id);
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes @param {string} type @returns {Promise<string>} its mxc address */
  async uploads(bytes, type) {
    const response = await fetch(`${this.#url}/_matrix/media/v3/upload`, { method: 'POST', headers: { authorization: `Bearer ${this.#token}`, 'content-type': type }, body: new Blob([bytes]) });
    return (await response.json()).content_uri;
  }
}

const words = ['早上好', '年检报告放在三楼资料室，编号 QB-2031-118，请各位今天下班前去看。', '了解しました。荷役計画は午後に更新します。', 'The load table is on the third floor', '可以', '明日の朝、もう一度確認をお願いします', 'Thanks', '收到。吊具已经更换，下午两点试机；如果风力超过六级就改到明天上午，另行通知。'];

/** Something to say, of very different lengths. @param {number} n */
export function saying(n) {
  const pieces = Array.from({ length: 1 + ((n * 7) % 9) }, (_, k) => words[(n * 3 + k) % words.length]);
  return `${n}. ${pieces.join(n % 5 === 0 ? '\n' : ' ')}`;
}
