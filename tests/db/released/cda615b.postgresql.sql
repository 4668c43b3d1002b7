SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.attempt (
    id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    status integer,
    duration_ms integer NOT NULL,
    reason text,
    answer text
);
CREATE TABLE public.audit (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    token_id uuid,
    action text NOT NULL,
    target text NOT NULL
);
CREATE TABLE public.delivery (
    id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    sequence bigint,
    status text NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamp with time zone,
    claim_id uuid,
    claimed_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone
);
CREATE TABLE public.event (
    id uuid NOT NULL,
    sequence bigint,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    responder_id uuid,
    body text NOT NULL,
    fanned_out_at timestamp with time zone
);
CREATE TABLE public.intake (
    responder_id uuid NOT NULL,
    report json,
    changed_at timestamp with time zone,
    confirmed_at timestamp with time zone,
    confirm_by timestamp with time zone,
    lapsed boolean NOT NULL,
    planned json,
    next_due timestamp with time zone
);
CREATE TABLE public.partner (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.report (
    id uuid NOT NULL,
    responder_id uuid NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    state text NOT NULL,
    report json,
    effective_from timestamp with time zone,
    confirm_by timestamp with time zone,
    sequence bigint NOT NULL,
    token_id uuid
);
CREATE TABLE public.responder (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    website text,
    contact json NOT NULL,
    remit json NOT NULL,
    valid_for_hours integer NOT NULL,
    sequence bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    delisted_at timestamp with time zone
);
CREATE TABLE public.sequence (
    id integer NOT NULL,
    n bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT ck_sequence_one_row CHECK ((id = 1))
);
CREATE SEQUENCE public.sequence_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sequence_id_seq OWNED BY public.sequence.id;
CREATE TABLE public.token (
    id uuid NOT NULL,
    hash bytea NOT NULL,
    responder_id uuid,
    partner_id uuid,
    scopes json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT ck_token_one_owner CHECK (((responder_id IS NULL) OR (partner_id IS NULL)))
);
CREATE TABLE public.webhook (
    id uuid NOT NULL,
    responder_id uuid,
    partner_id uuid,
    url text NOT NULL,
    event_types json,
    responders json,
    areas json,
    signature text NOT NULL,
    stale text NOT NULL,
    since bigint NOT NULL,
    secrets json NOT NULL,
    public_key text,
    status text NOT NULL,
    disabled_reason text,
    created_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.sequence ALTER COLUMN id SET DEFAULT nextval('public.sequence_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.attempt VALUES ('01a21cca-a4b0-7665-a306-8d3a462d9b3c', '01a21cca-a461-7394-b770-42f32f6e4030', '2026-11-27 11:36:12.185197+00', 204, 14, NULL, '');
INSERT INTO public.attempt VALUES ('01a21cca-a52c-770b-9f8b-fc83104c8ae5', '01a21cca-a4d8-72db-8808-370354996372', '2026-11-27 11:36:12.315383+00', 204, 14, NULL, '');
INSERT INTO public.audit VALUES ('01a21cca-65e7-7753-b84d-74092dbb46da', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'barnardos');
INSERT INTO public.audit VALUES ('01a21cca-65f5-77d5-b119-b8702bdbcb95', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'bawso');
INSERT INTO public.audit VALUES ('01a21cca-65fc-71bf-bd58-367d20337fb2', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'belfast-and-lisburn-womens-aid');
INSERT INTO public.audit VALUES ('01a21cca-6600-71a1-a2a8-e1c383f8892d', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'kalayaan');
INSERT INTO public.audit VALUES ('01a21cca-6609-7302-a95b-e54cd383713f', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'medaille-trust');
INSERT INTO public.audit VALUES ('01a21cca-660d-74bc-99d1-742638cf2e5d', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'migrant-help');
INSERT INTO public.audit VALUES ('01a21cca-660f-743b-b2fa-d8f95b9c474c', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'refugee-council');
INSERT INTO public.audit VALUES ('01a21cca-6612-713f-b01e-f9a2659cc2a0', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'nspcc');
INSERT INTO public.audit VALUES ('01a21cca-6615-70bf-b072-f6ba0dc2db69', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'new-pathways');
INSERT INTO public.audit VALUES ('01a21cca-661a-7513-9f95-46775bfcf4bd', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'salvation-army');
INSERT INTO public.audit VALUES ('01a21cca-661d-763f-ba5f-20250d822d55', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'tara');
INSERT INTO public.audit VALUES ('01a21cca-661f-77af-a34a-35946450c7d0', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'unseen');
INSERT INTO public.audit VALUES ('01a21cca-6622-76fb-8144-6df4e37976f0', '2026-11-27 11:35:56.112743+00', NULL, 'responder.list', 'youth-work-alliance');
INSERT INTO public.audit VALUES ('01a21cca-74c8-748f-a123-e4b11e2cf91e', '2026-11-27 11:35:59.816788+00', NULL, 'token.issue', '01a21cca-74c8-748f-a123-e4b03dc7f5e7');
INSERT INTO public.audit VALUES ('01a21cca-899b-76eb-be37-b0eaa9780310', '2026-11-27 11:36:05.120792+00', NULL, 'partner.add', '01a21cca-899a-753b-a22e-9822bdc5f771');
INSERT INTO public.audit VALUES ('01a21cca-89a8-73f1-b3e3-b3f8d1563a4a', '2026-11-27 11:36:05.120792+00', NULL, 'token.issue', '01a21cca-89a7-72de-a780-faf043891875');
INSERT INTO public.delivery VALUES ('01a21cca-a461-7394-b770-42f32f6e4030', '01a21cca-a43d-7291-b5ab-0d16a1974f52', '01a21cca-a454-70e3-9561-c06ff30dae21', 14, 'delivered', 1, NULL, NULL, NULL, '2026-11-27 11:36:12.125196+00', '2026-11-27 11:36:12.199197+00');
INSERT INTO public.delivery VALUES ('01a21cca-a4d8-72db-8808-370354996372', '01a21cca-a43d-7291-b5ab-0d16a1974f52', '01a21cca-a4a8-73de-90cc-09f06ce416a6', 15, 'delivered', 1, NULL, NULL, NULL, '2026-11-27 11:36:12.224142+00', '2026-11-27 11:36:12.329383+00');
INSERT INTO public.event VALUES ('01a21cca-65e6-7177-9dbd-f9fa42b85313', 1, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-65e3-7132-8bfe-1dc31d8d4c83', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":1,"data":{"responder":{"id":"01a21cca-65e3-7132-8bfe-1dc31d8d4c83","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":1,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-65f5-77d5-b119-b86f828f2d3b', 2, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-65f3-736a-ad12-f6529b2efd40', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":2,"data":{"responder":{"id":"01a21cca-65f3-736a-ad12-f6529b2efd40","slug":"bawso","name":"BAWSO","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":2,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-65fc-71bf-bd58-367ceeed3be7', 3, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-65fb-72a0-b938-43a9e80dcf5d', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":3,"data":{"responder":{"id":"01a21cca-65fb-72a0-b938-43a9e80dcf5d","slug":"belfast-and-lisburn-womens-aid","name":"Belfast and Lisburn Women''s Aid","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":3,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-6600-71a1-a2a8-e1c265f4aafe', 4, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-65ff-75eb-aaef-4ec7fbadf5eb', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":4,"data":{"responder":{"id":"01a21cca-65ff-75eb-aaef-4ec7fbadf5eb","slug":"kalayaan","name":"Kalayaan","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":4,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-6609-7302-a95b-e54bfee27c74', 5, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-6608-76a9-8dba-f7fab143bbdb', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":5,"data":{"responder":{"id":"01a21cca-6608-76a9-8dba-f7fab143bbdb","slug":"medaille-trust","name":"Medaille Trust","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":5,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-660d-74bc-99d1-7425d944970e', 6, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-660c-71c5-8bdd-45222d1d8dca', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":6,"data":{"responder":{"id":"01a21cca-660c-71c5-8bdd-45222d1d8dca","slug":"migrant-help","name":"Migrant Help","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":6,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-660f-743b-b2fa-d8f87f826e7f', 7, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-660f-743b-b2fa-d8f701548585', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":7,"data":{"responder":{"id":"01a21cca-660f-743b-b2fa-d8f701548585","slug":"refugee-council","name":"Refugee Council","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":"all","age_groups":["adult","child"],"genders":"all","existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":7,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-6612-713f-b01e-f9a1db371ff0', 8, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-6611-7288-b3e6-abf60105d2e9', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":8,"data":{"responder":{"id":"01a21cca-6611-7288-b3e6-abf60105d2e9","slug":"nspcc","name":"NSPCC","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":null,"age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":8,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-6615-70bf-b072-f6b98dbf5ace', 9, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-6614-77e8-a885-148e9992e194', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":9,"data":{"responder":{"id":"01a21cca-6614-77e8-a885-148e9992e194","slug":"new-pathways","name":"New Pathways","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":9,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-661a-7513-9f95-46761acc2122', 10, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-6617-73c7-a700-2c950c2ab9ba', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":10,"data":{"responder":{"id":"01a21cca-6617-73c7-a700-2c950c2ab9ba","slug":"salvation-army","name":"The Salvation Army","website":null,"contact":{"phone":"0800 808 3733","email":null,"url":null,"hours":"Answered at all hours according to its own site"},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":10,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-661d-763f-ba5f-202421d31939', 11, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-661c-76f6-8759-d78f9ea6ceee', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":11,"data":{"responder":{"id":"01a21cca-661c-76f6-8759-d78f9ea6ceee","slug":"tara","name":"TARA","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"S92000003","name":"Scotland"}],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":11,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-661f-77af-a34a-3593650bf3b5', 12, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-661e-713c-8390-837a5303d40d', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":12,"data":{"responder":{"id":"01a21cca-661e-713c-8390-837a5303d40d","slug":"unseen","name":"Unseen","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E47000009","name":"West of England"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":12,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-6622-76fb-8144-6df3e46833b9', 13, 'responder.listed', '2026-11-27 11:35:56.112743+00', '01a21cca-6621-765c-8174-5b5c201f787a', '{"type":"responder.listed","timestamp":"2026-11-27T11:35:56.112743Z","sequence":13,"data":{"responder":{"id":"01a21cca-6621-765c-8174-5b5c201f787a","slug":"youth-work-alliance","name":"Youth Work Alliance","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["child","young_person"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":13,"updated_at":"2026-11-27T11:35:56.112743Z"}}}', '2026-11-27 11:36:12.011041+00');
INSERT INTO public.event VALUES ('01a21cca-a454-70e3-9561-c06ff30dae21', 14, 'intake.opened', '2026-11-27 11:36:12.107737+00', '01a21cca-65e3-7132-8bfe-1dc31d8d4c83', '{"type":"intake.opened","timestamp":"2026-11-27T11:36:12.107737Z","sequence":14,"data":{"responder":{"id":"01a21cca-65e3-7132-8bfe-1dc31d8d4c83","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"open","reported_state":"open","expected_response":{"max":10,"unit":"working_days","min":5},"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":"2026-11-27T11:36:12.107737Z","confirmed_at":"2026-11-27T11:36:12.107737Z","confirm_by":"2026-12-04T11:36:12.107737Z","planned":null,"capacity_status":"capacity"},"sequence":14,"updated_at":"2026-11-27T11:36:12.107737Z"},"previous_state":"unconfirmed"}}', '2026-11-27 11:36:12.125196+00');
INSERT INTO public.event VALUES ('01a21cca-a4a8-73de-90cc-09f06ce416a6', 15, 'intake.paused', '2026-11-27 11:36:12.181943+00', '01a21cca-65e3-7132-8bfe-1dc31d8d4c83', '{"type":"intake.paused","timestamp":"2026-11-27T11:36:12.181943Z","sequence":15,"data":{"responder":{"id":"01a21cca-65e3-7132-8bfe-1dc31d8d4c83","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"paused","reported_state":"paused","expected_response":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now","changed_at":"2026-11-27T11:36:12.181943Z","confirmed_at":"2026-11-27T11:36:12.181943Z","confirm_by":"2026-12-04T11:36:12.181943Z","planned":null,"capacity_status":"no-capacity"},"sequence":15,"updated_at":"2026-11-27T11:36:12.181943Z"},"previous_state":"open"}}', '2026-11-27 11:36:12.224142+00');
INSERT INTO public.intake VALUES ('01a21cca-65f3-736a-ad12-f6529b2efd40', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-65fb-72a0-b938-43a9e80dcf5d', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-65ff-75eb-aaef-4ec7fbadf5eb', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-6608-76a9-8dba-f7fab143bbdb', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-660c-71c5-8bdd-45222d1d8dca', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-660f-743b-b2fa-d8f701548585', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-6611-7288-b3e6-abf60105d2e9', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-6614-77e8-a885-148e9992e194', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-6617-73c7-a700-2c950c2ab9ba', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-661c-76f6-8759-d78f9ea6ceee', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-661e-713c-8390-837a5303d40d', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-6621-765c-8174-5b5c201f787a', NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21cca-65e3-7132-8bfe-1dc31d8d4c83', '{"state":"paused","expected_response":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}', '2026-11-27 11:36:12.181943+00', '2026-11-27 11:36:12.181943+00', '2026-12-04 11:36:12.181943+00', false, NULL, '2026-12-04 11:36:12.181943+00');
INSERT INTO public.partner VALUES ('01a21cca-899a-753b-a22e-9822bdc5f771', 'Tool', '2026-11-27 11:36:05.120792+00');
INSERT INTO public.report VALUES ('01a21cca-a454-70e3-9561-c070cf8575c1', '01a21cca-65e3-7132-8bfe-1dc31d8d4c83', 'reported', '2026-11-27 11:36:12.107737+00', 'open', '{"state":"open","expected_response":{"max":10,"unit":"working_days","min":5},"reason":null,"exceptions":[],"reopens_on":null,"note":null}', NULL, '2026-12-04 11:36:12.107737+00', 14, '01a21cca-74c8-748f-a123-e4b03dc7f5e7');
INSERT INTO public.report VALUES ('01a21cca-a4a8-73de-90cc-09f1cb5aa02c', '01a21cca-65e3-7132-8bfe-1dc31d8d4c83', 'reported', '2026-11-27 11:36:12.181943+00', 'paused', '{"state":"paused","expected_response":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}', NULL, '2026-12-04 11:36:12.181943+00', 15, '01a21cca-74c8-748f-a123-e4b03dc7f5e7');
INSERT INTO public.responder VALUES ('01a21cca-65f3-736a-ad12-f6529b2efd40', 'bawso', 'BAWSO', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["W92000004"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 2, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-65fb-72a0-b938-43a9e80dcf5d', 'belfast-and-lisburn-womens-aid', 'Belfast and Lisburn Women''s Aid', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["N92000002"],"exploitation_types":"all","age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 3, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-65ff-75eb-aaef-4ec7fbadf5eb', 'kalayaan', 'Kalayaan', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["K02000001"],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 4, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-6608-76a9-8dba-f7fab143bbdb', 'medaille-trust', 'Medaille Trust', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["E92000001"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 5, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-660c-71c5-8bdd-45222d1d8dca', 'migrant-help', 'Migrant Help', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["K02000001"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 6, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-660f-743b-b2fa-d8f701548585', 'refugee-council', 'Refugee Council', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["E92000001"],"exploitation_types":"all","age_groups":["adult","child"],"genders":"all","existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 7, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-65e3-7132-8bfe-1dc31d8d4c83', 'barnardos', 'Barnardo''s', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["E92000001","W92000004","N92000002"],"exploitation_types":"all","age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 15, '2026-11-27 11:36:12.181943+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-6611-7288-b3e6-abf60105d2e9', 'nspcc', 'NSPCC', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["K02000001"],"exploitation_types":null,"age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 8, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-6614-77e8-a885-148e9992e194', 'new-pathways', 'New Pathways', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["W92000004"],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 9, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-6617-73c7-a700-2c950c2ab9ba', 'salvation-army', 'The Salvation Army', NULL, '{"phone":"0800 808 3733","email":null,"url":null,"hours":"Answered at all hours according to its own site"}', '{"areas":["K02000001"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 10, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-661c-76f6-8759-d78f9ea6ceee', 'tara', 'TARA', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["S92000003"],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 11, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-661e-713c-8390-837a5303d40d', 'unseen', 'Unseen', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["E47000009"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 12, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.responder VALUES ('01a21cca-6621-765c-8174-5b5c201f787a', 'youth-work-alliance', 'Youth Work Alliance', NULL, '{"phone":null,"email":null,"url":null,"hours":null}', '{"areas":["N92000002"],"exploitation_types":"all","age_groups":["child","young_person"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 13, '2026-11-27 11:35:56.112743+00', '2026-11-27 11:35:56.112743+00', NULL);
INSERT INTO public.sequence VALUES (1, 15, '2026-11-27 11:36:12.181943+00');
INSERT INTO public.token VALUES ('01a21cca-89a7-72de-a780-faf043891875', '\x399fd48a8a68441d3d021a0ab045a74e80e3be618975c89d5d415a461d7ee596', NULL, '01a21cca-899a-753b-a22e-9822bdc5f771', '["webhooks:manage"]', '2026-11-27 11:36:05.120792+00', '2036-11-24 11:36:05.120792+00', NULL, '2026-11-27 11:36:12.06182+00');
INSERT INTO public.token VALUES ('01a21cca-74c8-748f-a123-e4b03dc7f5e7', '\x3e6107893f7123128cbda4742b279620dcd923e766e7f9d18bdcc766f37e0593', '01a21cca-65e3-7132-8bfe-1dc31d8d4c83', NULL, '["intake:write","responder:write","webhooks:manage"]', '2026-11-27 11:35:59.816788+00', NULL, NULL, '2026-11-27 11:36:12.101951+00');
INSERT INTO public.webhook VALUES ('01a21cca-a43d-7291-b5ab-0d16a1974f52', NULL, '01a21cca-899a-753b-a22e-9822bdc5f771', 'http://127.0.0.1:37385/', NULL, NULL, NULL, 'v1', 'drop', 13, '[{"sealed":"gAAAAABrCWssumnOiDiiTMVme5uOQXSwkzLgZfxB0q8lGeRgIpSZBEu4AS8ljen68GxhU5t1e7NRLylp0mIO7Fhwe3MOmvTAyGA_DbWbihKIu47RxW04V2pCMlC9kz4YFpE_83Qxgflq-63N_Xcp25rPK8YhLY0FUQ==","until":null}]', NULL, 'active', NULL, '2026-11-27 11:36:12.09115+00');
SELECT pg_catalog.setval('public.sequence_id_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT pk_attempt PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT pk_delivery PRIMARY KEY (id);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT pk_event PRIMARY KEY (id);
ALTER TABLE ONLY public.intake
    ADD CONSTRAINT pk_intake PRIMARY KEY (responder_id);
ALTER TABLE ONLY public.partner
    ADD CONSTRAINT pk_partner PRIMARY KEY (id);
ALTER TABLE ONLY public.report
    ADD CONSTRAINT pk_report PRIMARY KEY (id);
ALTER TABLE ONLY public.responder
    ADD CONSTRAINT pk_responder PRIMARY KEY (id);
ALTER TABLE ONLY public.sequence
    ADD CONSTRAINT pk_sequence PRIMARY KEY (id);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT pk_token PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT pk_webhook PRIMARY KEY (id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT uq_delivery_webhook_id_event_id UNIQUE (webhook_id, event_id);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT uq_event_sequence UNIQUE (sequence);
ALTER TABLE ONLY public.partner
    ADD CONSTRAINT uq_partner_name UNIQUE (name);
ALTER TABLE ONLY public.responder
    ADD CONSTRAINT uq_responder_slug UNIQUE (slug);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT uq_token_hash UNIQUE (hash);
CREATE INDEX ix_attempt_delivery_id ON public.attempt USING btree (delivery_id);
CREATE INDEX ix_delivery_due ON public.delivery USING btree (next_attempt_at) WHERE (status = 'pending'::text);
CREATE INDEX ix_delivery_event_id ON public.delivery USING btree (event_id);
CREATE INDEX ix_delivery_pending_by_webhook ON public.delivery USING btree (webhook_id, sequence) WHERE (status = 'pending'::text);
CREATE INDEX ix_event_responder_id ON public.event USING btree (responder_id);
CREATE INDEX ix_event_to_fan_out ON public.event USING btree (id) WHERE (fanned_out_at IS NULL);
CREATE INDEX ix_intake_next_due ON public.intake USING btree (next_due) WHERE (next_due IS NOT NULL);
CREATE INDEX ix_report_responder_id_at ON public.report USING btree (responder_id, at, sequence);
CREATE INDEX ix_responder_sequence ON public.responder USING btree (sequence);
CREATE INDEX ix_token_partner_id ON public.token USING btree (partner_id);
CREATE INDEX ix_token_responder_id ON public.token USING btree (responder_id);
CREATE INDEX ix_webhook_partner_id ON public.webhook USING btree (partner_id);
CREATE INDEX ix_webhook_responder_id ON public.webhook USING btree (responder_id);
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT fk_attempt_delivery_id FOREIGN KEY (delivery_id) REFERENCES public.delivery(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT fk_delivery_event_id FOREIGN KEY (event_id) REFERENCES public.event(id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT fk_delivery_webhook_id FOREIGN KEY (webhook_id) REFERENCES public.webhook(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.event
    ADD CONSTRAINT fk_event_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.intake
    ADD CONSTRAINT fk_intake_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.report
    ADD CONSTRAINT fk_report_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT fk_token_partner_id FOREIGN KEY (partner_id) REFERENCES public.partner(id);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT fk_token_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT fk_webhook_partner_id FOREIGN KEY (partner_id) REFERENCES public.partner(id);
ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT fk_webhook_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
