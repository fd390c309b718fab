import { usePreference } from './preferences.ts';

/** Codes, classes, ids, FQL, JSON, request ids: off at first, one switch for all pages. */
export const useTechnicalDetails = (): [boolean, (on: boolean) => void] => usePreference('technicalDetails');
