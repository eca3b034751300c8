/**
 * What somebody else called something, as it may stand inside a line of ours: on one line, and without the letters that
 * turn the direction of writing around. With those "invoice\u202efdp.exe" would read "invoiceexe.pdf".
 */
export function oneLine(text: string): string {
  return unturned(text).replace(/\p{Cc}+/gu, ' ').trim();
}

/** The same for words that may have several lines. */
export function unturned(text: string): string {
  return text.replace(/\p{Bidi_Control}/gu, '');
}

/**
 * What somebody wrote, without the letters that turn whole stretches of it around: embeddings, overrides and isolates. The
 * marks that Arabic and Hebrew need beside a comma or a bracket stay.
 */
export function straight(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
}
