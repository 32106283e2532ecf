import { pluralIn } from '../plural.ts';
import type { Words } from '../en.ts';

const plural = pluralIn('de');

export const studio: Words['studio'] = {
  intro:
    'Bringen Sie einem Modell etwas Eigenes bei: wie eine Figur spricht, wie Sie antworten, was wozu gehört. Es lernt auf diesem Gerät; weder die Datei noch das Gelernte verlässt es, wenn Sie es nicht teilen.',
  base: 'Modell, das lernt',
  file: 'Datei zum Lernen (JSONL)',
  rank: 'Rang: wie viel es lernen kann',
  rowTokens: 'Längste Zeile, in Tokens',
  epochs: 'Wie oft durch die Datei',
  rate: 'Lernrate',
  read: 'Datei lesen',
  goOn: 'Mit dem letzten Lauf weitermachen',
  nothingKept: 'Auf diesem Gerät ist kein Lauf aufbewahrt.',
  keptFrom: (time) => `Aufbewahrt um ${time}.`,
  phases: {
    empty: '',
    preparing: 'Das Modell wird geholt und die Datei gelesen …',
    ready: 'Bereit zum Lernen.',
    probing: 'Zwei Schritte werden gemessen …',
    training: 'Es lernt. Sie können diese Seite weiter benutzen.',
    paused: 'Pausiert. Was es gelernt hat, ist auf diesem Gerät aufbewahrt.',
    done: 'Fertig.',
    cancelled: 'Angehalten.',
    failed: 'Ein Problem hat es angehalten. Der letzte Stand ist aufbewahrt.',
  },
  facts: (train, heldOut, learnt, steps) =>
    `${plural(train, { one: (n) => `${n} Zeile`, other: (n) => `${n} Zeilen` })} zum Lernen, ${heldOut} zum Prüfen zurückgehalten, ${learnt} gelernte Tokens, ${plural(steps, { one: (n) => `${n} Schritt`, other: (n) => `${n} Schritte` })}.`,
  preview: 'Die ersten Zeilen, Token für Token. Was unterstrichen ist, wird gelernt; das Übrige wird nur gelesen.',
  fit: (memory, seconds, total) => `Braucht ${memory} auf der GPU und ${seconds} s je Schritt: zusammen etwa ${total}.`,
  progress: 'Getane Schritte',
  at: (step, steps, loss, before, after) =>
    `Schritt ${step} von ${steps}, Verlust ${loss}. Verlust an den zurückgehaltenen Zeilen ${before} → ${after}.`,
  left: (time) => `Noch etwa ${time}.`,
  saved: (step) => `Aufbewahrt bis Schritt ${step}.`,
  plot: 'Verlust nach Schritt',
  plotted: (before, after) => `Verlust nach Schritt; an den zurückgehaltenen Zeilen ging er von ${before} auf ${after}`,
  step: 'Schritt',
  loss: 'Verlust',
  heldOut: 'Zurückgehaltene Zeilen',
  train: 'Lernen',
  trainOn: 'Weiterlernen',
  measure: 'Erst messen',
  saveGguf: 'Als GGUF speichern',
  savePeft: 'Für PEFT speichern (zwei Dateien)',
  saveCurve: 'Die Kurve speichern',
  discard: 'Verwerfen',
  tryLabel: 'Probieren Sie, was es bisher gelernt hat: es führt Ihren Text fort',
  try: 'Probieren',
  start: 'Beginnen mit',
  startNew: 'Einem neuen Adapter',
  licence: 'Lizenz',
  licenceHint:
    'Unter der andere ihn verwenden dürfen. Sie steht in der Datei und wird mit ihr unterschrieben; leer sagt nichts.',
  shelve: 'Ins Regal dieses Geräts stellen',
  isShelved: (name) =>
    `${name} steht im Regal dieses Geräts. Sie können damit chatten, ihn in einem Stapel nennen und von ihm aus weiterlernen.`,
  importTitle: 'Einen Adapter von anderswo holen',
  importIntro:
    'Eine GGUF-Datei oder die zwei Dateien eines PEFT-Ordners: adapter_config.json und adapter_model.safetensors. Er wird zuerst gegen sein Modell geprüft; nichts wird hochgeladen.',
  importBase: 'Modell, das er ändert',
  importFiles: 'Dateien des Adapters',
  importRead: 'Dateien prüfen',
  importFacts: (rank, changes) =>
    `Rang ${rank}, ändert ${plural(changes, { one: (n) => `${n} Matrix`, other: (n) => `${n} Matrizen` })}. Er passt zu diesem Modell.`,
  smaller: (tokens) => `Mit kleineren Stücken von ${tokens} Tokens weitermachen`,
  slower: (rate) => `Vom letzten Stand mit einer Lernrate von ${rate} weitermachen`,
};
