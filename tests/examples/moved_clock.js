// Loaded before an example: its clock is ahead by what the file `CLOCK` says.

import { readFileSync } from "node:fs";

const now = Date.now;
Date.now = () => now() + Number(readFileSync(process.env.CLOCK, "utf8")) * 1000;
