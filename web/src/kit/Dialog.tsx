import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';

interface Props {
  /** A statement or a question that the actions answer. */
  title: ReactNode;
  children: ReactNode;
  /** Buttons, the safe one carrying `data-safe`: it gets the focus when nothing else asks for it. */
  actions: ReactNode;
  /** Escape, and a press outside. It is always the safe way out. */
  onClose: () => void;
  /** With it the dialog is a form: Enter in a field does the primary action. */
  onSubmit?: () => void;
  /** For what is looked at rather than read. */
  wide?: boolean;
}

/** A dialog over the page; a sheet from below on a phone. It exists only while it is open. */
export function Dialog({ title, children, actions, onClose, onSubmit, wide }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  // The browser's own modal: it makes the page behind inert and gives the focus back when it closes. It does so only
  // while it is in the page, so it is closed before React takes it out.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return;
    dialog.showModal();
    (dialog.querySelector<HTMLElement>('[data-first]') ?? dialog.querySelector<HTMLElement>('[data-safe]'))?.focus();
    return () => dialog.close();
  }, []);

  return (
    <dialog
      ref={ref}
      className={wide === true ? 'dialog wide' : 'dialog'}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <form
        method="dialog"
        className="sheet"
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation(); // what it is called from may be a form, too
          onSubmit?.();
        }}
      >
        <h2 id={titleId}>{title}</h2>
        <div className="stack">{children}</div>
        <div className="row actions">{actions}</div>
      </form>
    </dialog>
  );
}
