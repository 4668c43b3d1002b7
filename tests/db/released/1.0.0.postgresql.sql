SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.attempt (
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    status integer,
    duration_ms integer NOT NULL,
    reason text,
    answer text
);
CREATE TABLE public.audit (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    actor json NOT NULL,
    actor_key text NOT NULL,
    owner_key text
);
CREATE TABLE public.coverage (
    id integer NOT NULL,
    counts json,
    CONSTRAINT ck_coverage_one_row CHECK ((id = 1))
);
CREATE SEQUENCE public.coverage_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.coverage_id_seq OWNED BY public.coverage.id;
CREATE TABLE public.delivery (
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    sequence bigint,
    status text NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    failing_since timestamp with time zone
);
CREATE TABLE public.dispute (
    id uuid NOT NULL,
    responder_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    found text NOT NULL,
    shown text NOT NULL,
    at timestamp with time zone NOT NULL
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
CREATE TABLE public.gap (
    place text NOT NULL,
    began bigint NOT NULL,
    ended bigint,
    seconds_before bigint NOT NULL
);
CREATE TABLE public.heartbeat (
    id uuid NOT NULL,
    task text NOT NULL,
    beat_at timestamp with time zone NOT NULL
);
CREATE TABLE public.installation (
    id integer NOT NULL,
    marked boolean DEFAULT false NOT NULL,
    restored_sequence bigint,
    moved_at timestamp with time zone,
    clock_accepted_at timestamp with time zone,
    checked_at timestamp with time zone,
    remains_sequence bigint,
    key_fingerprint text,
    CONSTRAINT ck_installation_one_row CHECK ((id = 1))
);
CREATE SEQUENCE public.installation_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.installation_id_seq OWNED BY public.installation.id;
CREATE TABLE public.intake (
    responder_id uuid NOT NULL,
    report json,
    since timestamp with time zone,
    confirmed_at timestamp with time zone,
    confirm_by timestamp with time zone,
    lapsed boolean NOT NULL,
    planned json,
    next_due timestamp with time zone,
    remind_at timestamp with time zone,
    before json,
    said_by text,
    restored boolean DEFAULT false NOT NULL,
    reminders integer DEFAULT 0 NOT NULL,
    report_sequence bigint
);
CREATE TABLE public.link (
    id uuid NOT NULL,
    hash bytea NOT NULL,
    kind text NOT NULL,
    responder_id uuid,
    partner_id uuid,
    person_id uuid,
    sealed_email text,
    email_hash bytea,
    roles json,
    scopes json,
    label text,
    actor_id uuid,
    report_sequence bigint,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE TABLE public.mail (
    id uuid NOT NULL,
    kind text NOT NULL,
    person_id uuid,
    link_id uuid,
    sealed_link text,
    responder_id uuid,
    report_sequence bigint,
    subject_id uuid,
    status text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    failing_since timestamp with time zone,
    next_attempt_at timestamp with time zone,
    claim_id uuid,
    claimed_until timestamp with time zone,
    reason text,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone
);
CREATE TABLE public.partner (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    suspended_at timestamp with time zone
);
CREATE TABLE public.period (
    responder_id uuid NOT NULL,
    number integer NOT NULL,
    state text NOT NULL,
    began bigint NOT NULL,
    ended bigint,
    nations json NOT NULL,
    open bigint NOT NULL,
    waiting_list bigint NOT NULL,
    paused bigint NOT NULL,
    unconfirmed bigint NOT NULL,
    pauses integer NOT NULL,
    age_groups json NOT NULL
);
CREATE TABLE public.person (
    id uuid NOT NULL,
    responder_id uuid,
    partner_id uuid,
    sealed_email text NOT NULL,
    email_hash bytea NOT NULL,
    roles json NOT NULL,
    refused_at timestamp with time zone,
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
    token_id uuid,
    said_by text
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
    delisted_at timestamp with time zone,
    state_sequence bigint DEFAULT 0 NOT NULL,
    suspended_at timestamp with time zone
);
CREATE TABLE public.rollup (
    id integer NOT NULL,
    sequence bigint NOT NULL,
    open_in json NOT NULL,
    CONSTRAINT ck_rollup_one_row CHECK ((id = 1))
);
CREATE SEQUENCE public.rollup_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.rollup_id_seq OWNED BY public.rollup.id;
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
CREATE TABLE public.threshold (
    responder_id uuid NOT NULL,
    threshold json,
    open_referrals integer,
    counted_at timestamp with time zone,
    set_at timestamp with time zone
);
CREATE TABLE public.token (
    id uuid NOT NULL,
    hash bytea NOT NULL,
    responder_id uuid,
    partner_id uuid,
    scopes json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    lifetime_seconds bigint,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    reviewed boolean DEFAULT true NOT NULL,
    label text,
    successor_id uuid,
    person_id uuid,
    warned_at timestamp with time zone,
    CONSTRAINT ck_token_one_owner CHECK (((responder_id IS NULL) OR (partner_id IS NULL)))
);
CREATE TABLE public.webhook (
    id uuid NOT NULL,
    responder_id uuid,
    partner_id uuid,
    url text NOT NULL,
    event_types json NOT NULL,
    responders json NOT NULL,
    areas json NOT NULL,
    signature text NOT NULL,
    stale text NOT NULL,
    cursor bigint CONSTRAINT webhook_since_not_null NOT NULL,
    secrets json NOT NULL,
    public_key text,
    status text NOT NULL,
    disabled_reason text,
    created_at timestamp with time zone NOT NULL,
    claim_id uuid,
    claimed_until timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    failing_since timestamp with time zone,
    next_attempt_at timestamp with time zone,
    cooldown_ms integer DEFAULT 0 CONSTRAINT webhook_pace_ms_not_null NOT NULL,
    out_of_order_at timestamp with time zone,
    description text,
    failed_attempts integer DEFAULT 0 NOT NULL,
    suspended boolean DEFAULT false NOT NULL,
    failing_told_at timestamp with time zone
);
ALTER TABLE ONLY public.coverage ALTER COLUMN id SET DEFAULT nextval('public.coverage_id_seq'::regclass);
ALTER TABLE ONLY public.installation ALTER COLUMN id SET DEFAULT nextval('public.installation_id_seq'::regclass);
ALTER TABLE ONLY public.rollup ALTER COLUMN id SET DEFAULT nextval('public.rollup_id_seq'::regclass);
ALTER TABLE ONLY public.sequence ALTER COLUMN id SET DEFAULT nextval('public.sequence_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0017');
INSERT INTO public.attempt VALUES ('01a220e5-2942-7185-a31d-cf0aa7299812', '01a220e5-29dd-72f0-af5e-d06789c6ee80', '01a220e5-2a6c-72a8-a15d-f206f00ee67c', '2026-11-28 06:43:39.199953+00', 204, 10, NULL, NULL);
INSERT INTO public.attempt VALUES ('01a220e5-2942-7185-a31d-cf0aa7299812', '01a220e5-29de-77c2-9ed0-6c904e17be31', '01a220e5-2ab1-7514-8875-bf8947a45517', '2026-11-28 06:43:39.291432+00', 204, 8, NULL, NULL);
INSERT INTO public.attempt VALUES ('01a220e5-2942-7185-a31d-cf0aa7299812', '01a220e5-2abc-714e-8e23-5919a2f7c81b', '01a220e5-2b7a-760c-9b96-b2b4ab5093e9', '2026-11-28 06:43:39.401129+00', 204, 9, NULL, NULL);
INSERT INTO public.attempt VALUES ('01a220e5-2942-7185-a31d-cf0aa7299812', '01a220e5-2abd-74c0-9e5e-1c1b76dcd34d', '01a220e5-2c62-70ca-a7fa-d2a3caad09df', '2026-11-28 06:43:39.660676+00', 204, 18, NULL, NULL);
INSERT INTO public.audit VALUES ('01a220e4-e468-71d8-9c4a-512c0b0010a5', '2026-11-28 06:43:21.285989+00', 'responder.list', 'barnardos', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e47f-7651-b57f-7083b66eac87', '2026-11-28 06:43:21.285989+00', 'responder.list', 'bawso', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e48a-74b5-8639-15bec48eb7ff', '2026-11-28 06:43:21.285989+00', 'responder.list', 'belfast-and-lisburn-womens-aid', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e497-7262-8d06-e4cc28e3544d', '2026-11-28 06:43:21.285989+00', 'responder.list', 'kalayaan', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e4a1-7281-851b-adaa9d9544e0', '2026-11-28 06:43:21.285989+00', 'responder.list', 'medaille-trust', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e4b0-766a-9363-9e135bc8e1b7', '2026-11-28 06:43:21.285989+00', 'responder.list', 'migrant-help', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e4bd-77ec-95ec-424daeecc49a', '2026-11-28 06:43:21.285989+00', 'responder.list', 'refugee-council', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e4cb-714c-8c26-1d5753c8542d', '2026-11-28 06:43:21.285989+00', 'responder.list', 'nspcc', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e4d7-7131-a1ab-45bdb775ab5a', '2026-11-28 06:43:21.285989+00', 'responder.list', 'new-pathways', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e4e6-743a-808b-ac7dc93011ef', '2026-11-28 06:43:21.285989+00', 'responder.list', 'salvation-army', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e516-74d9-b5e2-16c8882bf8e8', '2026-11-28 06:43:21.285989+00', 'responder.list', 'tara', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e527-7307-80e9-0e90dd3455ac', '2026-11-28 06:43:21.285989+00', 'responder.list', 'unseen', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-e52e-74f2-99a8-4abb60e624e4', '2026-11-28 06:43:21.285989+00', 'responder.list', 'youth-work-alliance', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-f2bd-7282-b34c-119f6e53b7b2', '2026-11-28 06:43:24.983525+00', 'token.issue', '01a220e4-f2bd-7282-b34c-119e926e24ed', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-ff80-73a1-918d-3af6ac1079a4', '2026-11-28 06:43:28.243704+00', 'partner.add', '01a220e4-ff80-73a1-918d-3af505a71ac5', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e4-ff99-730a-bd44-db44a2a4717f', '2026-11-28 06:43:28.243704+00', 'token.issue', '01a220e4-ff98-74bc-b89a-9a852bf9aa20', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e5-0d69-715f-93e3-77ec5215a808', '2026-11-28 06:43:31.815073+00', 'token.issue', '01a220e5-0d67-769f-9aee-6df11027b5f4', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e5-295f-70fe-bfbb-e4d6ef007df3', '2026-11-28 06:43:38.946157+00', 'webhook.add', '01a220e5-2942-7185-a31d-cf0aa7299812', '{"type":"token","id":"01a220e4-ff98-74bc-b89a-9a852bf9aa20","label":null,"owner":{"type":"partner","name":"Tool","slug":null,"id":"01a220e4-ff80-73a1-918d-3af505a71ac5"},"user":null}', '01a220e4-ff98-74bc-b89a-9a852bf9aa20', '01a220e4-ff80-73a1-918d-3af505a71ac5');
INSERT INTO public.audit VALUES ('01a220e5-29de-77c2-9ed0-6c92eb73ab87', '2026-11-28 06:43:39.041379+00', 'intake.report', 'barnardos', '{"type":"token","id":"01a220e4-f2bd-7282-b34c-119e926e24ed","label":null,"owner":{"type":"responder","name":"Barnardo''s","slug":"barnardos","id":"01a220e4-e461-7317-b983-476129f78cc5"},"user":null}', '01a220e4-f2bd-7282-b34c-119e926e24ed', 'barnardos');
INSERT INTO public.audit VALUES ('01a220e5-2a5c-7002-a769-8163e3decab2', '2026-11-28 06:43:39.219273+00', 'threshold.change', 'barnardos', '{"type":"token","id":"01a220e4-f2bd-7282-b34c-119e926e24ed","label":null,"owner":{"type":"responder","name":"Barnardo''s","slug":"barnardos","id":"01a220e4-e461-7317-b983-476129f78cc5"},"user":null}', '01a220e4-f2bd-7282-b34c-119e926e24ed', 'barnardos');
INSERT INTO public.audit VALUES ('01a220e5-2a95-776e-af63-4ef6b36e4a9b', '2026-11-28 06:43:39.276493+00', 'caseload.count', 'barnardos', '{"type":"token","id":"01a220e4-f2bd-7282-b34c-119e926e24ed","label":null,"owner":{"type":"responder","name":"Barnardo''s","slug":"barnardos","id":"01a220e4-e461-7317-b983-476129f78cc5"},"user":null}', '01a220e4-f2bd-7282-b34c-119e926e24ed', 'barnardos');
INSERT INTO public.audit VALUES ('01a220e5-2abd-74c0-9e5e-1c1dd58d747a', '2026-11-28 06:43:39.319212+00', 'intake.report', 'barnardos', '{"type":"token","id":"01a220e4-f2bd-7282-b34c-119e926e24ed","label":null,"owner":{"type":"responder","name":"Barnardo''s","slug":"barnardos","id":"01a220e4-e461-7317-b983-476129f78cc5"},"user":null}', '01a220e4-f2bd-7282-b34c-119e926e24ed', 'barnardos');
INSERT INTO public.audit VALUES ('01a220e5-2bb0-71c4-99c5-8d523dfbaf6b', '2026-11-28 06:43:39.48873+00', 'person.add', '01a220e5-2ba0-75ea-a0c4-73d9f1d27bc2', '{"type":"token","id":"01a220e5-0d67-769f-9aee-6df11027b5f4","label":null,"owner":{"type":"admin","name":null,"slug":null,"id":null},"user":null}', '01a220e5-0d67-769f-9aee-6df11027b5f4', 'admin');
INSERT INTO public.audit VALUES ('01a220e5-2c2f-7121-89fa-aebb13cd2415', '2026-11-28 06:43:39.677626+00', 'handover.add', '01a220e5-2c2e-71d4-b310-5b1a7ef3d67c', '{"type":"token","id":"01a220e5-0d67-769f-9aee-6df11027b5f4","label":null,"owner":{"type":"admin","name":null,"slug":null,"id":null},"user":null}', '01a220e5-0d67-769f-9aee-6df11027b5f4', 'admin');
INSERT INTO public.audit VALUES ('01a220e5-2cb2-739f-8236-588e5683537e', '2026-11-28 06:43:39.770212+00', 'dispute.add', 'barnardos', '{"type":"token","id":"01a220e4-ff98-74bc-b89a-9a852bf9aa20","label":null,"owner":{"type":"partner","name":"Tool","slug":null,"id":"01a220e4-ff80-73a1-918d-3af505a71ac5"},"user":null}', '01a220e4-ff98-74bc-b89a-9a852bf9aa20', '01a220e4-ff80-73a1-918d-3af505a71ac5');
INSERT INTO public.audit VALUES ('01a220e5-3637-73b2-921f-f3077f60204e', '2026-11-28 06:43:42.263947+00', 'database.rebuild', 'coverage', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.audit VALUES ('01a220e5-365c-734e-b732-321ff5e44a57', '2026-11-28 06:43:42.300307+00', 'database.rebuild', 'statistics', '{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}', 'command line', NULL);
INSERT INTO public.coverage VALUES (1, '{"open":[],"waiting_list":[],"paused":["70381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e000000000000001c0e070381c0e070381c0e07038"],"unconfirmed":["38fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7dcee4fdb9dcee40000e38008200e3f1c01c71c71f8fc70071f8fc7","38fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7c3e1c0d87c3e1f8fc7e3f1f8fc7e3f1c01c70071f8fc70071f8fc7","e38000000000038e00000000000e38000000000038e00000000000e38000000000038e00000000000e38000000000038e00000000000e38000000201038240201000000000000000000038e00e38000000e38000000"],"ask":[]}');
INSERT INTO public.delivery VALUES ('01a220e5-2942-7185-a31d-cf0aa7299812', '01a220e5-29dd-72f0-af5e-d06789c6ee80', 14, 'delivered', 1, NULL, '2026-11-28 06:43:39.041379+00', '2026-11-28 06:43:39.209953+00', NULL);
INSERT INTO public.delivery VALUES ('01a220e5-2942-7185-a31d-cf0aa7299812', '01a220e5-29de-77c2-9ed0-6c904e17be31', 15, 'delivered', 1, NULL, '2026-11-28 06:43:39.041379+00', '2026-11-28 06:43:39.299432+00', NULL);
INSERT INTO public.delivery VALUES ('01a220e5-2942-7185-a31d-cf0aa7299812', '01a220e5-2abc-714e-8e23-5919a2f7c81b', 16, 'delivered', 1, NULL, '2026-11-28 06:43:39.319212+00', '2026-11-28 06:43:39.410129+00', NULL);
INSERT INTO public.delivery VALUES ('01a220e5-2942-7185-a31d-cf0aa7299812', '01a220e5-2abd-74c0-9e5e-1c1b76dcd34d', 17, 'delivered', 1, NULL, '2026-11-28 06:43:39.319212+00', '2026-11-28 06:43:39.678676+00', NULL);
INSERT INTO public.dispute VALUES ('01a220e5-2c8e-720d-8fb7-0a8dd5e9f1fb', '01a220e4-e461-7317-b983-476129f78cc5', '01a220e4-ff80-73a1-918d-3af505a71ac5', 'no_answer', 'paused', '2026-11-28 06:43:39.770212+00');
INSERT INTO public.event VALUES ('01a220e4-e467-7230-905e-1e0db399fca6', 1, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e461-7317-b983-476129f78cc5', '{"id":"01a220e4-e467-7230-905e-1e0db399fca6","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":1,"test":false,"data":{"responder":{"id":"01a220e4-e461-7317-b983-476129f78cc5","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":1,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e47f-7651-b57f-7082ece92f08', 2, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e47a-7001-af30-5cf7ba73bf61', '{"id":"01a220e4-e47f-7651-b57f-7082ece92f08","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":2,"test":false,"data":{"responder":{"id":"01a220e4-e47a-7001-af30-5cf7ba73bf61","slug":"bawso","name":"BAWSO","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":2,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e48a-74b5-8639-15bdd06b8954', 3, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e487-774c-b850-44a37afa83e9', '{"id":"01a220e4-e48a-74b5-8639-15bdd06b8954","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":3,"test":false,"data":{"responder":{"id":"01a220e4-e487-774c-b850-44a37afa83e9","slug":"belfast-and-lisburn-womens-aid","name":"Belfast and Lisburn Women''s Aid","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":3,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e497-7262-8d06-e4cb5de7c3ff', 4, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e495-7707-bfde-cf8ea950820e', '{"id":"01a220e4-e497-7262-8d06-e4cb5de7c3ff","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":4,"test":false,"data":{"responder":{"id":"01a220e4-e495-7707-bfde-cf8ea950820e","slug":"kalayaan","name":"Kalayaan","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":4,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e4a1-7281-851b-ada9a7c85a71', 5, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e49f-700f-87a6-5353dd36ae9c', '{"id":"01a220e4-e4a1-7281-851b-ada9a7c85a71","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":5,"test":false,"data":{"responder":{"id":"01a220e4-e49f-700f-87a6-5353dd36ae9c","slug":"medaille-trust","name":"Medaille Trust","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":5,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e4b0-766a-9363-9e12f9ffafb7', 6, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e4ab-737f-963e-376cb71ffa9f', '{"id":"01a220e4-e4b0-766a-9363-9e12f9ffafb7","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":6,"test":false,"data":{"responder":{"id":"01a220e4-e4ab-737f-963e-376cb71ffa9f","slug":"migrant-help","name":"Migrant Help","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":6,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e4bd-77ec-95ec-424cbbb5135f', 7, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e4b9-7536-8941-b03d55ef7bc9', '{"id":"01a220e4-e4bd-77ec-95ec-424cbbb5135f","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":7,"test":false,"data":{"responder":{"id":"01a220e4-e4b9-7536-8941-b03d55ef7bc9","slug":"refugee-council","name":"Refugee Council","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":["all"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":7,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e4ca-7204-b15d-a592c9892668', 8, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e4c8-741b-bde9-0c69a2682cd9', '{"id":"01a220e4-e4ca-7204-b15d-a592c9892668","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":8,"test":false,"data":{"responder":{"id":"01a220e4-e4c8-741b-bde9-0c69a2682cd9","slug":"nspcc","name":"NSPCC","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["unknown"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":8,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e4d4-73d7-879b-464ef2024915', 9, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e4d2-702d-b075-78cf8a858294', '{"id":"01a220e4-e4d4-73d7-879b-464ef2024915","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":9,"test":false,"data":{"responder":{"id":"01a220e4-e4d2-702d-b075-78cf8a858294","slug":"new-pathways","name":"New Pathways","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":9,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e4e6-743a-808b-ac7c44c03cbe', 10, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e4de-70c8-b9b7-5be1f7a62dc1', '{"id":"01a220e4-e4e6-743a-808b-ac7c44c03cbe","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":10,"test":false,"data":{"responder":{"id":"01a220e4-e4de-70c8-b9b7-5be1f7a62dc1","slug":"salvation-army","name":"The Salvation Army","website":null,"contact":{"phone":{"text":"0800 808 3733","dial":"+448008083733","extension":null},"email":null,"url":null,"hours":"Answered at all hours according to its own site","all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":10,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e515-760d-a55b-ca04cb85f6e0', 11, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e503-7777-85c4-57f48f3ddd0d', '{"id":"01a220e4-e515-760d-a55b-ca04cb85f6e0","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":11,"test":false,"data":{"responder":{"id":"01a220e4-e503-7777-85c4-57f48f3ddd0d","slug":"tara","name":"TARA","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"S92000003","name":"Scotland"}],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":11,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e527-7307-80e9-0e8f9d824bed', 12, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e525-72d4-bad3-44daf7e4f271', '{"id":"01a220e4-e527-7307-80e9-0e8f9d824bed","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":12,"test":false,"data":{"responder":{"id":"01a220e4-e525-72d4-bad3-44daf7e4f271","slug":"unseen","name":"Unseen","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E47000009","name":"West of England"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":12,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e4-e52e-74f2-99a8-4abaa1db1d2e', 13, 'responder.listed', '2026-11-28 06:43:21.285989+00', '01a220e4-e52c-7674-a062-29b27bacd272', '{"id":"01a220e4-e52e-74f2-99a8-4abaa1db1d2e","type":"responder.listed","timestamp":"2026-11-28T06:43:21.285989Z","sequence":13,"test":false,"data":{"responder":{"id":"01a220e4-e52c-7674-a062-29b27bacd272","slug":"youth-work-alliance","name":"Youth Work Alliance","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child","young_person"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":13,"updated_at":"2026-11-28T06:43:21.285989Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a220e5-29dd-72f0-af5e-d06789c6ee80', 14, 'intake.opened', '2026-11-28 06:43:39.041379+00', '01a220e4-e461-7317-b983-476129f78cc5', '{"id":"01a220e5-29dd-72f0-af5e-d06789c6ee80","type":"intake.opened","timestamp":"2026-11-28T06:43:39.041379Z","sequence":14,"test":false,"data":{"responder":{"id":"01a220e4-e461-7317-b983-476129f78cc5","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"open","since":"2026-11-28T06:43:39.041379Z","said_by":"responder","confirmed_at":"2026-11-28T06:43:39.041379Z","confirm_by":"2026-12-05T06:43:39.041379Z","report":{"state":"open","expected_response":{"min":5,"max":10,"unit":"working_days"},"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null},"last_report":null,"planned":null,"capacity_status":"capacity"},"sequence":14,"updated_at":"2026-11-28T06:43:39.041379Z"},"previous_state":"unconfirmed"}}', NULL);
INSERT INTO public.event VALUES ('01a220e5-29de-77c2-9ed0-6c904e17be31', 15, 'coverage.gap_closed', '2026-11-28 06:43:39.041379+00', NULL, '{"id":"01a220e5-29de-77c2-9ed0-6c904e17be31","type":"coverage.gap_closed","timestamp":"2026-11-28T06:43:39.041379Z","sequence":15,"test":false,"data":{"cells":[{"areas":["E92000001","W92000004","N92000002","E12000001","E12000002","E12000003","E12000004","E12000005","E12000006","E12000007","E12000008","E12000009"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"ask":[],"text":"a charity is now confirmed open for children in England, Wales and Northern Ireland"}]}}', NULL);
INSERT INTO public.event VALUES ('01a220e5-2abc-714e-8e23-5919a2f7c81b', 16, 'intake.paused', '2026-11-28 06:43:39.319212+00', '01a220e4-e461-7317-b983-476129f78cc5', '{"id":"01a220e5-2abc-714e-8e23-5919a2f7c81b","type":"intake.paused","timestamp":"2026-11-28T06:43:39.319212Z","sequence":16,"test":false,"data":{"responder":{"id":"01a220e4-e461-7317-b983-476129f78cc5","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"paused","since":"2026-11-28T06:43:39.319212Z","said_by":"responder","confirmed_at":"2026-11-28T06:43:39.319212Z","confirm_by":"2026-12-05T06:43:39.319212Z","report":{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"},"last_report":null,"planned":null,"capacity_status":"no-capacity"},"sequence":16,"updated_at":"2026-11-28T06:43:39.319212Z"},"previous_state":"open"}}', NULL);
INSERT INTO public.event VALUES ('01a220e5-2abd-74c0-9e5e-1c1b76dcd34d', 17, 'coverage.gap_opened', '2026-11-28 06:43:39.319212+00', NULL, '{"id":"01a220e5-2abd-74c0-9e5e-1c1b76dcd34d","type":"coverage.gap_opened","timestamp":"2026-11-28T06:43:39.319212Z","sequence":17,"test":false,"data":{"cells":[{"areas":["E92000001","W92000004","N92000002","E12000001","E12000002","E12000003","E12000004","E12000005","E12000006","E12000007","E12000008","E12000009"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"ask":[],"text":"no charity is known to be open for children in Wales, Northern Ireland or any region of England as a whole"}]}}', NULL);
INSERT INTO public.gap VALUES ('E92000001', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('W92000004', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('S92000003', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('N92000002', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('E92000001/adult', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('E92000001/child', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('E92000001/young_person', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('W92000004/adult', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('W92000004/child', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('W92000004/young_person', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('S92000003/adult', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('S92000003/child', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('S92000003/young_person', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('N92000002/adult', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('N92000002/child', 1795848201, NULL, 0);
INSERT INTO public.gap VALUES ('N92000002/young_person', 1795848201, NULL, 0);
INSERT INTO public.installation VALUES (1, false, NULL, NULL, NULL, '2026-11-28 06:43:37.979836+00', NULL, 'fa6ad4228e06fe88');
INSERT INTO public.intake VALUES ('01a220e4-e47a-7001-af30-5cf7ba73bf61', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e487-774c-b850-44a37afa83e9', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e495-7707-bfde-cf8ea950820e', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e49f-700f-87a6-5353dd36ae9c', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e4ab-737f-963e-376cb71ffa9f', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e4b9-7536-8941-b03d55ef7bc9', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e4c8-741b-bde9-0c69a2682cd9', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e4d2-702d-b075-78cf8a858294', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e4de-70c8-b9b7-5be1f7a62dc1', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e503-7777-85c4-57f48f3ddd0d', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e525-72d4-bad3-44daf7e4f271', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e52c-7674-a062-29b27bacd272', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, false, 0, NULL);
INSERT INTO public.intake VALUES ('01a220e4-e461-7317-b983-476129f78cc5', '{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}', '2026-11-28 06:43:39.319212+00', '2026-11-28 06:43:39.319212+00', '2026-12-05 06:43:39.319212+00', false, NULL, '2026-12-03 12:43:39.319212+00', '2026-12-03 12:43:39.319212+00', NULL, 'responder', false, 0, 16);
INSERT INTO public.link VALUES ('01a220e5-2c2e-71d4-b310-5b1a7ef3d67c', '\xc9449eb447eee0192a100bd61f322d55e8bae9a271de7ef661ad8935602bd332', 'handover', '01a220e4-e461-7317-b983-476129f78cc5', NULL, NULL, NULL, NULL, NULL, '["intake:write"]', 'Referral team', '01a220e5-0d67-769f-9aee-6df11027b5f4', NULL, '2026-11-28 06:43:39.677626+00', '2026-11-29 06:43:39.677626+00', NULL);
INSERT INTO public.mail VALUES ('01a220e5-2cac-7136-a161-c20db2d90091', 'disputed', '01a220e5-2ba0-75ea-a0c4-73d9f1d27bc2', NULL, NULL, '01a220e4-e461-7317-b983-476129f78cc5', 16, '01a220e5-2c8e-720d-8fb7-0a8dd5e9f1fb', 'waiting', 0, NULL, '2026-11-28 06:43:39.770212+00', NULL, NULL, NULL, '2026-11-28 06:43:39.770212+00', NULL);
INSERT INTO public.partner VALUES ('01a220e4-ff80-73a1-918d-3af505a71ac5', 'Tool', '2026-11-28 06:43:28.243704+00', NULL);
INSERT INTO public.period VALUES ('01a220e4-e4d2-702d-b075-78cf8a858294', 0, 'unconfirmed', 1795848201, NULL, '["W92000004"]', 0, 0, 0, 0, 0, '["adult","child","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e461-7317-b983-476129f78cc5', 0, 'unconfirmed', 1795848201, 1795848219, '["E92000001","W92000004","N92000002"]', 0, 0, 0, 0, 0, '["child"]');
INSERT INTO public.period VALUES ('01a220e4-e461-7317-b983-476129f78cc5', 1, 'open', 1795848219, 1795848219, '["E92000001","W92000004","N92000002"]', 0, 0, 0, 18, 0, '["child"]');
INSERT INTO public.period VALUES ('01a220e4-e461-7317-b983-476129f78cc5', 2, 'paused', 1795848219, NULL, '["E92000001","W92000004","N92000002"]', 0, 0, 0, 18, 0, '["child"]');
INSERT INTO public.period VALUES ('01a220e4-e52c-7674-a062-29b27bacd272', 0, 'unconfirmed', 1795848201, NULL, '["N92000002"]', 0, 0, 0, 0, 0, '["child","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e4de-70c8-b9b7-5be1f7a62dc1', 0, 'unconfirmed', 1795848201, NULL, '["E92000001","W92000004","S92000003","N92000002"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e503-7777-85c4-57f48f3ddd0d', 0, 'unconfirmed', 1795848201, NULL, '["S92000003"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e495-7707-bfde-cf8ea950820e', 0, 'unconfirmed', 1795848201, NULL, '["E92000001","W92000004","S92000003","N92000002"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e47a-7001-af30-5cf7ba73bf61', 0, 'unconfirmed', 1795848201, NULL, '["W92000004"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e487-774c-b850-44a37afa83e9', 0, 'unconfirmed', 1795848201, NULL, '["N92000002"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e525-72d4-bad3-44daf7e4f271', 0, 'unconfirmed', 1795848201, NULL, '[]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e4c8-741b-bde9-0c69a2682cd9', 0, 'unconfirmed', 1795848201, NULL, '[]', 0, 0, 0, 0, 0, '[]');
INSERT INTO public.period VALUES ('01a220e4-e49f-700f-87a6-5353dd36ae9c', 0, 'unconfirmed', 1795848201, NULL, '["E92000001"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e4ab-737f-963e-376cb71ffa9f', 0, 'unconfirmed', 1795848201, NULL, '["E92000001","W92000004","S92000003","N92000002"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a220e4-e4b9-7536-8941-b03d55ef7bc9', 0, 'unconfirmed', 1795848201, NULL, '[]', 0, 0, 0, 0, 0, '[]');
INSERT INTO public.person VALUES ('01a220e5-2ba0-75ea-a0c4-73d9f1d27bc2', '01a220e4-e461-7317-b983-476129f78cc5', NULL, 'gAAAAABrCngbVyyUB1Zwk2EY_YaDKgzEg8IxxwWB0Ara-gWr3j3gkGJTiBhx7TKYN15ezNv-oYDBagStExmgYmNQrOD8ctHTp-4oHqc9UGvh8_WG5i_cSyc=', '\x53aa68f35f69751e4a5919dbb59a4631c6efb8c5154b0458c19301f46a8962d0', '["editor","reminded"]', NULL, '2026-11-28 06:43:39.48873+00');
INSERT INTO public.report VALUES ('01a220e5-29de-77c2-9ed0-6c917ff301b6', '01a220e4-e461-7317-b983-476129f78cc5', 'reported', '2026-11-28 06:43:39.041379+00', 'open', '{"state":"open","expected_response":{"min":5,"max":10,"unit":"working_days"},"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null}', NULL, '2026-12-05 06:43:39.041379+00', 14, '01a220e4-f2bd-7282-b34c-119e926e24ed', 'responder');
INSERT INTO public.report VALUES ('01a220e5-2abd-74c0-9e5e-1c1c3af5f501', '01a220e4-e461-7317-b983-476129f78cc5', 'reported', '2026-11-28 06:43:39.319212+00', 'paused', '{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}', NULL, '2026-12-05 06:43:39.319212+00', 16, '01a220e4-f2bd-7282-b34c-119e926e24ed', 'responder');
INSERT INTO public.responder VALUES ('01a220e4-e47a-7001-af30-5cf7ba73bf61', 'bawso', 'BAWSO', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["W92000004"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 2, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 2, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e487-774c-b850-44a37afa83e9', 'belfast-and-lisburn-womens-aid', 'Belfast and Lisburn Women''s Aid', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["N92000002"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 3, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 3, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e495-7707-bfde-cf8ea950820e', 'kalayaan', 'Kalayaan', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["K02000001"],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 4, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 4, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e49f-700f-87a6-5353dd36ae9c', 'medaille-trust', 'Medaille Trust', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["E92000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 5, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 5, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e4ab-737f-963e-376cb71ffa9f', 'migrant-help', 'Migrant Help', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["K02000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 6, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 6, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e461-7317-b983-476129f78cc5', 'barnardos', 'Barnardo''s', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["E92000001","W92000004","N92000002"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 16, '2026-11-28 06:43:39.319212+00', '2026-11-28 06:43:21.285989+00', NULL, 16, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e4b9-7536-8941-b03d55ef7bc9', 'refugee-council', 'Refugee Council', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["E92000001"],"exploitation_types":["all"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 7, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 7, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e4c8-741b-bde9-0c69a2682cd9', 'nspcc', 'NSPCC', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["K02000001"],"exploitation_types":["unknown"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 8, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 8, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e4d2-702d-b075-78cf8a858294', 'new-pathways', 'New Pathways', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["W92000004"],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 9, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 9, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e4de-70c8-b9b7-5be1f7a62dc1', 'salvation-army', 'The Salvation Army', NULL, '{"phone":{"text":"0800 808 3733","dial":"+448008083733","extension":null},"email":null,"url":null,"hours":"Answered at all hours according to its own site","all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["K02000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 10, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 10, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e503-7777-85c4-57f48f3ddd0d', 'tara', 'TARA', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["S92000003"],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 11, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 11, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e525-72d4-bad3-44daf7e4f271', 'unseen', 'Unseen', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["E47000009"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 12, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 12, NULL);
INSERT INTO public.responder VALUES ('01a220e4-e52c-7674-a062-29b27bacd272', 'youth-work-alliance', 'Youth Work Alliance', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["N92000002"],"exploitation_types":["all"],"age_groups":["child","young_person"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}', 168, 13, '2026-11-28 06:43:21.285989+00', '2026-11-28 06:43:21.285989+00', NULL, 13, NULL);
INSERT INTO public.rollup VALUES (1, 17, '{"E92000001":0,"W92000004":0,"S92000003":0,"N92000002":0,"E92000001/adult":0,"E92000001/child":0,"E92000001/young_person":0,"W92000004/adult":0,"W92000004/child":0,"W92000004/young_person":0,"S92000003/adult":0,"S92000003/child":0,"S92000003/young_person":0,"N92000002/adult":0,"N92000002/child":0,"N92000002/young_person":0}');
INSERT INTO public.sequence VALUES (1, 17, '2026-11-28 06:43:39.319212+00');
INSERT INTO public.threshold VALUES ('01a220e4-e461-7317-b983-476129f78cc5', '{"pause_at":100,"reopen_below":80,"report":{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}}', 40, '2026-11-28 06:43:39.276493+00', '2026-11-28 06:43:39.219273+00');
INSERT INTO public.token VALUES ('01a220e4-ff98-74bc-b89a-9a852bf9aa20', '\x492b40ebebe3166820582eb144c25a5af93f176d5030cc828e9158f7212ef519', NULL, '01a220e4-ff80-73a1-918d-3af505a71ac5', '["webhooks:manage"]', '2026-11-28 06:43:28.243704+00', '2036-11-25 06:43:28.243704+00', 315360000, NULL, '2026-11-28 06:43:38.52489+00', true, NULL, NULL, NULL, NULL);
INSERT INTO public.token VALUES ('01a220e4-f2bd-7282-b34c-119e926e24ed', '\xffe4cb8a2086a3c313786152a00f3ff74243b8888f1271a2da6e668f91311cb3', '01a220e4-e461-7317-b983-476129f78cc5', NULL, '["intake:write","responder:write","webhooks:manage"]', '2026-11-28 06:43:24.983525+00', '2027-11-28 06:43:24.983525+00', 31536000, NULL, '2026-11-28 06:43:38.998571+00', true, NULL, NULL, NULL, NULL);
INSERT INTO public.token VALUES ('01a220e5-0d67-769f-9aee-6df11027b5f4', '\x29eae94be6003e859076d675d3844c28e818c7e0ce52a95cb66ae0c51b3dfe9f', NULL, NULL, '["admin"]', '2026-11-28 06:43:31.815073+00', '2027-11-28 06:43:31.815073+00', 31536000, NULL, '2026-11-28 06:43:39.393712+00', true, NULL, NULL, NULL, NULL);
INSERT INTO public.webhook VALUES ('01a220e5-2942-7185-a31d-cf0aa7299812', NULL, '01a220e4-ff80-73a1-918d-3af505a71ac5', 'http://127.0.0.1:46183/', '["all"]', '["all"]', '["all"]', 'v1', 'drop', 17, '[{"sealed":"gAAAAABrCngaIQZmGQb23047RuDbviIOd6ngG8jbCnNUzv8rFBeF689J40odglVYCW4gqS4uPE84sIBx_7nSj-M2IjdpyCxyj7V5rRkT2sf_JJ1vxQhMAoFf-1HBWmTO_ASU6n5GzVVCS1HJnRL1jY9jtcqhWZiGDQ==","until":null}]', NULL, 'active', NULL, '2026-11-28 06:43:38.946157+00', NULL, NULL, 0, NULL, NULL, 0, NULL, NULL, 0, false, NULL);
SELECT pg_catalog.setval('public.coverage_id_seq', 1, false);
SELECT pg_catalog.setval('public.installation_id_seq', 1, false);
SELECT pg_catalog.setval('public.rollup_id_seq', 1, false);
SELECT pg_catalog.setval('public.sequence_id_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT pk_attempt PRIMARY KEY (webhook_id, event_id, id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);
ALTER TABLE ONLY public.coverage
    ADD CONSTRAINT pk_coverage PRIMARY KEY (id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT pk_delivery PRIMARY KEY (webhook_id, event_id);
ALTER TABLE ONLY public.dispute
    ADD CONSTRAINT pk_dispute PRIMARY KEY (id);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT pk_event PRIMARY KEY (id);
ALTER TABLE ONLY public.gap
    ADD CONSTRAINT pk_gap PRIMARY KEY (place, began);
ALTER TABLE ONLY public.heartbeat
    ADD CONSTRAINT pk_heartbeat PRIMARY KEY (id);
ALTER TABLE ONLY public.installation
    ADD CONSTRAINT pk_installation PRIMARY KEY (id);
ALTER TABLE ONLY public.intake
    ADD CONSTRAINT pk_intake PRIMARY KEY (responder_id);
ALTER TABLE ONLY public.link
    ADD CONSTRAINT pk_link PRIMARY KEY (id);
ALTER TABLE ONLY public.mail
    ADD CONSTRAINT pk_mail PRIMARY KEY (id);
ALTER TABLE ONLY public.partner
    ADD CONSTRAINT pk_partner PRIMARY KEY (id);
ALTER TABLE ONLY public.period
    ADD CONSTRAINT pk_period PRIMARY KEY (responder_id, number);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT pk_person PRIMARY KEY (id);
ALTER TABLE ONLY public.report
    ADD CONSTRAINT pk_report PRIMARY KEY (id);
ALTER TABLE ONLY public.responder
    ADD CONSTRAINT pk_responder PRIMARY KEY (id);
ALTER TABLE ONLY public.rollup
    ADD CONSTRAINT pk_rollup PRIMARY KEY (id);
ALTER TABLE ONLY public.sequence
    ADD CONSTRAINT pk_sequence PRIMARY KEY (id);
ALTER TABLE ONLY public.threshold
    ADD CONSTRAINT pk_threshold PRIMARY KEY (responder_id);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT pk_token PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT pk_webhook PRIMARY KEY (id);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT uq_event_sequence UNIQUE (sequence);
ALTER TABLE ONLY public.link
    ADD CONSTRAINT uq_link_hash UNIQUE (hash);
ALTER TABLE ONLY public.partner
    ADD CONSTRAINT uq_partner_name UNIQUE (name);
ALTER TABLE ONLY public.responder
    ADD CONSTRAINT uq_responder_slug UNIQUE (slug);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT uq_token_hash UNIQUE (hash);
CREATE INDEX ix_delivery_finished ON public.delivery USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX ix_delivery_out_of_order ON public.delivery USING btree (webhook_id, next_attempt_at) WHERE (next_attempt_at IS NOT NULL);
CREATE INDEX ix_dispute_partner_id ON public.dispute USING btree (partner_id);
CREATE INDEX ix_dispute_responder_id_partner_id_at ON public.dispute USING btree (responder_id, partner_id, at);
CREATE INDEX ix_event_at_sequence ON public.event USING btree (at, sequence);
CREATE INDEX ix_event_listing ON public.event USING btree (responder_id, at) WHERE (type = ANY (ARRAY['responder.listed'::text, 'responder.delisted'::text]));
CREATE INDEX ix_event_redaction ON public.event USING btree (sequence) WHERE (type = 'event.redacted'::text);
CREATE INDEX ix_event_responder_id_sequence ON public.event USING btree (responder_id, sequence);
CREATE INDEX ix_event_restore ON public.event USING btree (sequence) WHERE (type = 'directory.restored'::text);
CREATE INDEX ix_event_to_fan_out ON public.event USING btree (id) WHERE ((sequence IS NULL) AND (fanned_out_at IS NULL));
CREATE INDEX ix_intake_next_due ON public.intake USING btree (next_due) WHERE (next_due IS NOT NULL);
CREATE INDEX ix_link_address ON public.link USING btree (expires_at) WHERE (sealed_email IS NOT NULL);
CREATE INDEX ix_link_expires_at ON public.link USING btree (expires_at);
CREATE INDEX ix_link_partner_id ON public.link USING btree (partner_id);
CREATE INDEX ix_link_person_id ON public.link USING btree (person_id);
CREATE INDEX ix_link_responder_id ON public.link USING btree (responder_id);
CREATE INDEX ix_mail_due ON public.mail USING btree (next_attempt_at) WHERE (next_attempt_at IS NOT NULL);
CREATE INDEX ix_mail_finished ON public.mail USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX ix_mail_link_id ON public.mail USING btree (link_id);
CREATE INDEX ix_mail_person_id ON public.mail USING btree (person_id);
CREATE INDEX ix_mail_responder_id ON public.mail USING btree (responder_id);
CREATE INDEX ix_period_pause ON public.period USING btree (responder_id, began, ended, state) WHERE ((state = 'paused'::text) AND (ended IS NOT NULL));
CREATE INDEX ix_period_responder_id_began ON public.period USING btree (responder_id, began, number);
CREATE INDEX ix_person_email_hash ON public.person USING btree (email_hash);
CREATE INDEX ix_person_partner_id ON public.person USING btree (partner_id);
CREATE INDEX ix_person_responder_id ON public.person USING btree (responder_id);
CREATE INDEX ix_report_responder_id_at ON public.report USING btree (responder_id, at, sequence);
CREATE INDEX ix_responder_sequence ON public.responder USING btree (sequence);
CREATE INDEX ix_token_partner_id ON public.token USING btree (partner_id);
CREATE INDEX ix_token_person_id ON public.token USING btree (person_id);
CREATE INDEX ix_token_responder_id ON public.token USING btree (responder_id);
CREATE INDEX ix_webhook_backing_off ON public.webhook USING btree (next_attempt_at) WHERE ((status = 'active'::text) AND (NOT suspended) AND (next_attempt_at IS NOT NULL));
CREATE INDEX ix_webhook_out_of_order ON public.webhook USING btree (out_of_order_at) WHERE ((status = 'active'::text) AND (NOT suspended) AND (out_of_order_at IS NOT NULL));
CREATE INDEX ix_webhook_partner_id ON public.webhook USING btree (partner_id);
CREATE INDEX ix_webhook_ready ON public.webhook USING btree (cursor) WHERE ((status = 'active'::text) AND (NOT suspended) AND (next_attempt_at IS NULL));
CREATE INDEX ix_webhook_responder_id ON public.webhook USING btree (responder_id);
CREATE INDEX ix_webhook_untold ON public.webhook USING btree (failing_since) WHERE ((status = 'active'::text) AND (NOT suspended) AND (failing_since IS NOT NULL) AND (failing_told_at IS NULL));
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT fk_attempt_webhook_id_event_id FOREIGN KEY (webhook_id, event_id) REFERENCES public.delivery(webhook_id, event_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT fk_delivery_event_id FOREIGN KEY (event_id) REFERENCES public.event(id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT fk_delivery_webhook_id FOREIGN KEY (webhook_id) REFERENCES public.webhook(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.dispute
    ADD CONSTRAINT fk_dispute_partner_id FOREIGN KEY (partner_id) REFERENCES public.partner(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.dispute
    ADD CONSTRAINT fk_dispute_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT fk_event_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.intake
    ADD CONSTRAINT fk_intake_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.link
    ADD CONSTRAINT fk_link_partner_id FOREIGN KEY (partner_id) REFERENCES public.partner(id);
ALTER TABLE ONLY public.link
    ADD CONSTRAINT fk_link_person_id FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.link
    ADD CONSTRAINT fk_link_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.mail
    ADD CONSTRAINT fk_mail_link_id FOREIGN KEY (link_id) REFERENCES public.link(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.mail
    ADD CONSTRAINT fk_mail_person_id FOREIGN KEY (person_id) REFERENCES public.person(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.mail
    ADD CONSTRAINT fk_mail_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.period
    ADD CONSTRAINT fk_period_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT fk_person_partner_id FOREIGN KEY (partner_id) REFERENCES public.partner(id);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT fk_person_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.report
    ADD CONSTRAINT fk_report_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.threshold
    ADD CONSTRAINT fk_threshold_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT fk_token_partner_id FOREIGN KEY (partner_id) REFERENCES public.partner(id);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT fk_token_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT fk_webhook_partner_id FOREIGN KEY (partner_id) REFERENCES public.partner(id);
ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT fk_webhook_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
