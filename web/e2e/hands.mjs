// How somebody presses and writes: with a pointer, or by keyboard alone.

/** With a pointer. */
export class Pointer {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
  }

  /** @param {import('playwright-core').Locator} target */
  async press(target) {
    await target.click();
  }

  /** Writes over what a field says. @param {import('playwright-core').Locator} field @param {string} text */
  async write(field, text) {
    await field.fill(text);
  }

  /** Opens a menu and presses one of its items. @param {import('playwright-core').Locator} opener @param {import('playwright-core').Locator} item */
  async choose(opener, item) {
    await this.press(opener);
    await this.press(item);
  }

  /** Presses what asks for files, and gives one. @param {import('playwright-core').Locator} target @param {{ name: string, mimeType: string, buffer: Buffer }} file */
  async attach(target, file) {
    const [chooser] = await Promise.all([this.page.waitForEvent('filechooser'), this.press(target)]);
    await chooser.setFiles(file);
  }
}

/** By keyboard alone: what Tab and the arrow keys do not lead to cannot be pressed. */
export class Keyboard extends Pointer {
  /** @override @param {import('playwright-core').Locator} target */
  async press(target) {
    await this.reach(target);
    await this.page.keyboard.press('Enter');
  }

  /** @override @param {import('playwright-core').Locator} field @param {string} text */
  async write(field, text) {
    await this.reach(field);
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.type(text);
  }

  /** Goes on from where the focus is until it is on the target. @param {import('playwright-core').Locator} target */
  async reach(target) {
    await target.waitFor();
    for (let stops = 0; stops < 150; stops++) {
      const key = await target.evaluate(wayTo);
      if (key === undefined) return;
      await this.page.keyboard.press(key);
    }
    throw new Error(`no key leads to ${String(target)}`);
  }
}

/**
 * The key that leads on to an element, or undefined where the focus is on it. Inside a menu, among the rows of a
 * timeline and in the list of rooms these are the arrows.
 *
 * @param {Element} target
 */
function wayTo(target) {
  const active = document.activeElement;
  if (active === target) return undefined;
  const around = target.closest('[role=menu], [role=log], dialog, nav');
  const arrows = around?.contains(active) && around.localName !== 'dialog' && (target.matches('[role^=menuitem]') || (target.closest('[data-menu]') && active?.closest('[data-menu]')) || (target.matches('[data-entry]') && active?.matches('[data-entry]')));
  if (!arrows) return 'Tab';
  return active && active.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING ? 'ArrowDown' : 'ArrowUp';
}
