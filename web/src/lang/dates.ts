// Times as people of each language write them. All take milliseconds since 1970 and show the browser's time zone.

import { currentLanguage } from './lang';

/** The hour and minute, on a 24-hour clock: 09:31. */
export function clock(at: number): string {
  return new Intl.DateTimeFormat(currentLanguage(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** The day in full, with the year when it is not this one: Thursday 20 November; 11月20日星期四. */
export function day(at: number, now: number): string {
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : ({ year: 'numeric' } as const);
  const format = new Intl.DateTimeFormat(tag(), { weekday: 'long', day: 'numeric', month: 'long', ...year });
  return format.format(at);
}

/** A day that is known as such and has no hour: the number of days since 1970 UTC. 12 November; with the year when it is not this one. */
export function date(days: number, now: number): string {
  const at = days * 86_400_000;
  const year = new Date(at).getUTCFullYear() === new Date(now).getUTCFullYear() ? {} : ({ year: 'numeric' } as const);
  return new Intl.DateTimeFormat(tag(), { day: 'numeric', month: 'long', timeZone: 'UTC', ...year }).format(at);
}

/** What a list shows: the clock today, the weekday within a week, else the date. */
export function short(at: number, now: number): string {
  if (sameDay(at, now)) return clock(at);
  const days = (startOfDay(now) - startOfDay(at)) / 86_400_000;
  if (days < 7 && days > 0) return new Intl.DateTimeFormat(currentLanguage(), { weekday: 'short' }).format(at);
  return new Intl.DateTimeFormat(tag(), { dateStyle: 'short' }).format(at);
}

/** Day and time to the second, for `title`, where everything short can be checked. */
export function exact(at: number): string {
  return new Intl.DateTimeFormat(tag(), { dateStyle: 'full', timeStyle: 'medium' }).format(at);
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
