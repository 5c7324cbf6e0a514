/** Ends the process. */
export type Exit = (code: number) => void;
