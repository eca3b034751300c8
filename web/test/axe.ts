import axe from 'axe-core';

/** What axe finds wrong in an element, as names of rules. What needs a page or colours is looked at in e2e/. */
export async function barriers(element: Element): Promise<string[]> {
  const rules = Object.fromEntries(['color-contrast', 'region', 'page-has-heading-one', 'heading-order'].map((rule) => [rule, { enabled: false }]));
  const found = await axe.run(element, { rules });
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`);
}
