import type { Words } from '../en.ts';

export const settings: Words['settings'] = {
  look: 'Wie diese Seite aussieht',
  language: 'Sprache',
  theme: 'Farben',
  themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
  sites: {
    title: 'Seiten, die dieses Gerät nutzen dürfen',
    what: 'Wozu Sie auf fremden Seiten Ja gesagt haben, soweit Ihr Browser es diese Seite von Starlings Rahmen dort erfahren lässt. Wozu Sie anderswo Ja gesagt haben, beenden Sie auf dem Zeichen jener Seite.',
    none: 'Hier ist keine bekannt.',
    until: (day) => `bis ${day}`,
    end: 'Beenden',
    endOf: (origin) => `Für ${origin} beenden`,
    malformed: (count) => `Übergangen und gelöscht, fehlerhaft: ${count}`,
    forged: (count) => `Übergangen und gelöscht, gefälscht: ${count}`,
  },
  identity: {
    title: 'Wer dieses Gerät ist',
    what: 'Andere kennen dieses Gerät an einem Schlüssel, der auf ihm gemacht wurde. Als Datei gespeichert kann er in einen anderen Browser umziehen oder wiederkommen, nachdem alles gelöscht wurde.',
    warning:
      'Die Datei ist mit Ihrer Passphrase verschlossen. Wer beides hat, ist dieses Gerät; ohne die Passphrase öffnet niemand die Datei, und niemand kann Ihnen eine neue geben.',
    passphrase: 'Passphrase, mindestens 10 Zeichen',
    save: 'Als Datei speichern',
    saved: 'Gespeichert. Bewahren Sie Datei und Passphrase getrennt auf.',
    file: 'Gespeicherte Identität',
    filePassphrase: 'Ihre Passphrase',
    use: 'Diese Identität benutzen',
    replaces:
      'Die Identität, die dieses Gerät jetzt hat, geht verloren, wenn Sie sie nicht gespeichert haben. Das Teilen hält an, und jeder Tab öffnet sich neu.',
  },
  leave: {
    title: 'Gehen',
    what: 'Hält alles an und löscht, was Starling in diesem Browser aufbewahrt: Modelle, Stapel und ihre Ergebnisse, Gelerntes, Identität, Verlauf und Einstellungen.',
    button: 'Gehen und alles löschen',
    sure: 'Das lässt sich nicht rückgängig machen. Alles löschen?',
    keep: 'Alles behalten',
    yes: 'Alles löschen',
  },
};
