// Times as people of each language write them. All take milliseconds since 1970 and show the browser's time zone.

import { currentLanguage } from './lang';

const forms = {
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { weekday: 'long', day: 'numeric', month: 'long' },
  dayAndYear: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  date: { day: 'numeric', month: 'long', timeZone: 'UTC' },
  dateAndYear: { day: 'numeric', month: 'long', timeZone: 'UTC', year: 'numeric' },
  weekday: { weekday: 'short' },
  short: { dateStyle: 'short' },
  exact: { dateStyle: 'full', timeStyle: 'medium' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

// A formatter takes a browser long to make, and a list of rooms asks for hundreds. They hold the time zone that they were
// made in, so they are made anew where somebody has travelled.
const made = new Map<string, Intl.DateTimeFormat>();
let madeAt: number | undefined;

function formatted(form: keyof typeof forms, at: number): string {
  const offset = new Date().getTimezoneOffset();
  if (offset !== madeAt) made.clear();
  madeAt = offset;
  const language = tag();
  const name = `${language} ${form}`;
  const format = made.get(name) ?? new Intl.DateTimeFormat(language, forms[form]);
  made.set(name, format);
  return format.format(at);
}

/** The hour and minute, on a 24-hour clock: 09:31. */
export function clock(at: number): string {
  return formatted('clock', at);
}

/** The day in full, with the year when it is not this one: Thursday 20 November; 11月20日星期四. */
export function day(at: number, now: number): string {
  return formatted(new Date(at).getFullYear() === new Date(now).getFullYear() ? 'day' : 'dayAndYear', at);
}

/** A day that is known as such and has no hour: the number of days since 1970 UTC. 12 November; with the year when it is not this one. */
export function date(days: number, now: number): string {
  const at = days * 86_400_000;
  return formatted(new Date(at).getUTCFullYear() === new Date(now).getUTCFullYear() ? 'date' : 'dateAndYear', at);
}

/** What a list shows: the clock today, the weekday within a week, else the date. */
export function short(at: number, now: number): string {
  if (sameDay(at, now)) return clock(at);
  const days = (startOfDay(now) - startOfDay(at)) / 86_400_000;
  if (days < 7 && days > 0) return formatted('weekday', at);
  return formatted('short', at);
}

/** Day and time to the second, for `title`, where everything short can be checked. */
export function exact(at: number): string {
  return formatted('exact', at);
}

export function sameDay(a: number, b: number): boolean {
  return startOfDay(a) === startOfDay(b);
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

// English here is written day first, as in most of the places where the other three languages are at home.
function tag(): string {
  const language = currentLanguage();
  return language === 'en' ? 'en-GB' : language;
}
