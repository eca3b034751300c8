import { currentLanguage, say } from './lang';

const units = ['kilobyte', 'megabyte', 'gigabyte'] as const;

/** A number of bytes as people write it: 812 bytes, 38 kB, 1.2 MB; 812 バイト. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return say('files.bytes', { n: bytes }); // browsers know the word in English alone
  const step = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  const format = new Intl.NumberFormat(currentLanguage(), { style: 'unit', unit: units[step - 1], unitDisplay: 'short', maximumFractionDigits: step > 1 ? 1 : 0 });
  return format.format(bytes / 1000 ** step);
}
