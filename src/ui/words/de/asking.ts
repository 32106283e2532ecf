import { pluralIn } from '../plural.ts';
import type { Words } from '../en.ts';

const plural = pluralIn('de');

export const asking = {
  shelf: {
    reads: (tokens) => `liest ${tokens} Tokens auf einmal`,
    changes: (base, rank) => `ein Adapter für ${base}, Rang ${rank}`,
    unknownBase: 'ein Modell, das nicht hier ist',
    unknownAdapter: 'einem Adapter, der nicht hier ist',
    continues: (name) => `lernt weiter von ${name}`,
    madeHere: 'auf diesem Gerät gemacht',
    madeBy: (peer) => `gemacht und geteilt von ${peer}`,
    share: 'Mit anderen teilen',
    shareHint:
      'Andere sehen ihn in ihrer Liste der Modelle und können ihn von diesem Gerät holen, solange diese Seite offen ist. Er sagt, welcher Schlüssel ihn gemacht hat: der dieses Geräts.',
    isShared: 'Geteilt, solange diese Seite offen ist',
    withdraw: 'Nicht mehr teilen',
    parameters: (count) => `${count} Parameter`,
    state: {
      absent: 'Nicht auf diesem Gerät',
      partial: 'Zum Teil auf diesem Gerät',
      downloading: 'Wird geladen',
      held: 'Auf diesem Gerät',
      loaded: 'Auf der GPU',
    },
    room: (used, quota) => `${used} von ${quota}, die der Browser erlaubt.`,
    mayGo: 'Wird der Platz knapp, darf der Browser Modelle löschen.',
    downloadOf: (model) => `Herunterladen von ${model}`,
    arriving: (done, total, speed, peers) =>
      plural(peers, {
        one: (n) => `${done} von ${total}, ${speed}/s, ${n} anderes Gerät`,
        other: (n) => `${done} von ${total}, ${speed}/s, ${n} andere Geräte`,
      }),
    confirm: (size) => `${size} von diesem Gerät löschen?`,
    keep: 'Behalten',
    delete: 'Löschen',
    download: (size) => `${size} herunterladen`,
    stopDownload: 'Herunterladen beenden',
    save: 'Als Datei speichern',
  },
  batch: {
    state: {
      preparing: 'Die Datei wird gelesen',
      interrupted: 'Unterbrochen, als die Seite geschlossen wurde',
      running: 'Läuft',
      waiting: 'Wartet auf jemanden, der dieses Modell teilt',
      done: 'Fertig',
      cancelled: 'Abgebrochen',
      failed: 'Gescheitert',
    },
    drop: 'Legen Sie eine .jsonl-Datei im Stapelformat von OpenAI hier ab: eine Anfrage in jeder Zeile.',
    choose: 'Datei wählen',
    file: 'Stapeldatei',
    who: 'Wer rechnet',
    swarm: 'Menschen, die dieses Modell teilen',
    device: 'Dieses Gerät allein',
    adapter: 'Adapter für Zeilen, die keinen nennen',
    noAdapter: 'Keiner: das Modell, wie es ist',
    progressOf: (file) => `Fortschritt von ${file}`,
    answered: (done, total) => `${done} von ${total} beantwortet`,
    withError: (count) => plural(count, { one: (n) => `${n} mit einem Fehler`, other: (n) => `${n} mit einem Fehler` }),
    askedAgain: (count) =>
      plural(count, { one: (n) => `${n} noch einmal gefragt`, other: (n) => `${n} noch einmal gefragt` }),
    since: (time) => `Seit ${time}.`,
    thisDevice: 'dieses Gerät',
    results: 'Ergebnisse herunterladen',
    errors: 'Fehler herunterladen',
    goOn: 'Weitermachen',
    remove: 'Entfernen',
    cancel: 'Abbrechen',
  },
  chat: {
    none: 'Hier wird noch kein Modell angeboten.',
    intro: 'Die Antwort wird auf diesem Gerät berechnet. Was Sie schreiben, bleibt hier.',
    conversation: 'Gespräch',
    model: 'Modell',
    message: 'Ihre Nachricht',
    send: 'Senden',
    again: 'Neues Gespräch',
    downloads: (size) => `Beim Senden wird zuerst das Modell auf dieses Gerät geladen: ${size}.`,
  },
} satisfies Partial<Words>;
