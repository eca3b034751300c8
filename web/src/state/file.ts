// Files inside messages: what a message says about its file, and the message that a file becomes.

import { readEncryptedFile, type EncryptedFile } from '../crypto/attachment';
import type { Content } from '../crypto/envelope';
import { oneLine, unturned } from './oneline';

/** Where a file is: encrypted as a rule, else at an mxc address alone. */
export type Stored = EncryptedFile | { readonly url: string };

/** A file that somebody sent. All of it is the sender's word. */
export interface MessageFile {
  readonly name: string;
  /** In bytes, if the sender said so. */
  readonly size: number | undefined;
  readonly type: string;
  readonly stored: Stored;
  /** Set for a picture of a type that every browser draws and that runs nothing. */
  readonly picture: Picture | undefined;
}

interface Picture {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** The smaller picture to show in its place, and its type. */
  readonly small: { readonly stored: Stored; readonly type: string } | undefined;
}

const drawn = ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif'];
const kinds = ['m.image', 'm.file', 'm.audio', 'm.video'];

/** The file of a message, or undefined where it has none that can be fetched. */
export function fileOf(content: Readonly<Record<string, unknown>>): MessageFile | undefined {
  const stored = storedOf(content['file'], content['url']);
  if (stored === undefined || !kinds.includes(text(content['msgtype']))) return undefined;
  const info = fields(content['info']);
  const type = text(info['mimetype']).toLowerCase();
  return {
    name: nameIn(text(content['filename']) || text(content['body'])),
    size: count(info['size']),
    type,
    stored,
    picture: content['msgtype'] === 'm.image' && drawn.includes(type) ? pictureOf(info) : undefined,
  };
}

/** What the sender wrote beside the file; empty where the body is only its name. */
export function captionOf(content: Readonly<Record<string, unknown>>): string {
  const name = text(content['filename']);
  const body = text(content['body']);
  return name === '' || name === body ? '' : unturned(body);
}

/** What was made of a file before it left, in the words of an event. */
export interface Sent {
  name: string;
  type: string;
  size: number;
  stored: EncryptedFile;
  picture?: { width: number; height: number; small?: { stored: EncryptedFile; type: string; size: number; width: number; height: number } };
}

/**
 * The message that carries a file. The body is the file's name.
 *
 * Spec: client-server API, m.image and m.file.
 */
export function contentOf({ name, type, size, stored, picture }: Sent): Content {
  const info = { mimetype: type, size };
  if (picture === undefined) return { msgtype: 'm.file', body: name, filename: name, file: stored, info };
  const { width, height, small } = picture;
  const thumbnail = small && {
    thumbnail_file: small.stored,
    thumbnail_info: { mimetype: small.type, size: small.size, w: small.width, h: small.height },
  };
  return { msgtype: 'm.image', body: name, filename: name, file: stored, info: { ...info, w: width, h: height, ...thumbnail } };
}

function pictureOf(info: Readonly<Record<string, unknown>>): Picture | undefined {
  const [width, height] = [count(info['w']), count(info['h'])];
  if (!width || !height) return undefined;
  const stored = storedOf(info['thumbnail_file'], info['thumbnail_url']);
  const type = text(fields(info['thumbnail_info'])['mimetype']).toLowerCase();
  return { width, height, small: stored !== undefined && drawn.includes(type) ? { stored, type } : undefined };
}

function storedOf(file: unknown, url: unknown): Stored | undefined {
  if (file !== undefined) return readEncryptedFile(file);
  return typeof url === 'string' && url.startsWith('mxc://') ? { url } : undefined;
}

/** The name of a file without its folders. */
function nameIn(path: string): string {
  return oneLine(path.replace(/^.*[/\\]/s, ''));
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
