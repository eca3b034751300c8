import type { ReactNode } from 'react';
import { Brand } from '../kit/Brand';
import { changeLanguage } from '../lang/lang';
import { languageNames, languages } from '../lang/languages';
import { languageOf } from '../lang/script';
import { useLanguage, useSay } from '../lang/useSay';
import { organisation } from '../state/organisation';
import { useStore } from '../state/useStore';
import look from './Entry.module.css';

/** The page around signing up and in: brand and languages on top, one task, and beside it what one should know. */
export function Entry({ children, beside }: { children: ReactNode; beside?: ReactNode }) {
  const say = useSay();
  const named = useStore(organisation);
  const current = useLanguage();
  return (
    <div className={beside === undefined ? look['page'] : `${look['page'] ?? ''} ${look['two'] ?? ''}`}>
      <header className={look['bar']}>
        <Brand name={named ?? say('shell.name')} lang={named === undefined ? undefined : languageOf(named)} />
        <nav className={look['languages']} aria-label={say('common.language')}>
          {languages.map((language) => (
            <button key={language} type="button" lang={language} aria-current={language === current} onClick={() => changeLanguage(language)}>
              {languageNames[language]}
            </button>
          ))}
        </nav>
      </header>
      <main className={look['task']}>
        <div className={look['form']}>{children}</div>
      </main>
      {beside !== undefined && <aside className={look['beside']}>{beside}</aside>}
    </div>
  );
}
