// What is left out was not said; `[]` says "of nobody".
const question = {
  area: "E12000007",
  exploitation_type: "domestic_servitude",
  age_group: "adult",
  gender: "woman",
  circumstances: ["homelessness"],
  existing_client_of: [],
};
const answer = await fetch(`${process.env.DIRECTORY}/v1/matches`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(question),
});
if (!answer.ok) throw new Error(`status ${answer.status}`);
// An outcome that comes one day is to be read as `ask`.
const outcomes = new Set(["yes", "waiting_list", "ask", "no"]);
for (const { outcome, responder, reasons } of (await answer.json()).matches) {
  console.log(
    outcomes.has(outcome) ? outcome : "ask",
    responder.name,
    reasons.map(({ text }) => text),
  );
}
