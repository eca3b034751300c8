/** The sentences that say why a message cannot be read on this device. */
export const unreadableSays = {
  noKey: 'timeline.noKey',
  before: 'timeline.before',
  beforeJoin: 'timeline.beforeJoin',
  withheld: 'timeline.withheldKey',
} as const;
