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
    token_id uuid,
    action text NOT NULL,
    target text NOT NULL
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
    said_by text
);
CREATE TABLE public.partner (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL
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
    state_sequence bigint DEFAULT 0 NOT NULL
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
    counted_at timestamp with time zone
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
    cursor bigint NOT NULL,
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
    cooldown_ms integer DEFAULT 0 NOT NULL,
    out_of_order_at timestamp with time zone,
    description text,
    failed_attempts integer DEFAULT 0 NOT NULL
);
ALTER TABLE ONLY public.coverage ALTER COLUMN id SET DEFAULT nextval('public.coverage_id_seq'::regclass);
ALTER TABLE ONLY public.rollup ALTER COLUMN id SET DEFAULT nextval('public.rollup_id_seq'::regclass);
ALTER TABLE ONLY public.sequence ALTER COLUMN id SET DEFAULT nextval('public.sequence_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0009');
INSERT INTO public.attempt VALUES ('01a21ccb-411d-708e-ad7b-8816e41d918c', '01a21ccb-4161-70cf-9748-5c8a56b32537', '01a21ccb-41af-7032-8248-b303c2899405', '2026-11-27 11:36:52.37468+00', 204, 8, NULL, '');
INSERT INTO public.attempt VALUES ('01a21ccb-411d-708e-ad7b-8816e41d918c', '01a21ccb-4162-742f-af2b-953781a6e3c5', '01a21ccb-41e7-72db-9543-c9c352e8fff9', '2026-11-27 11:36:52.438977+00', 204, 8, NULL, '');
INSERT INTO public.attempt VALUES ('01a21ccb-411d-708e-ad7b-8816e41d918c', '01a21ccb-41d3-73b4-aa34-87f22f3e5b84', '01a21ccb-4205-706f-aa43-3428b9fe0af8', '2026-11-27 11:36:52.476602+00', 204, 2, NULL, '');
INSERT INTO public.attempt VALUES ('01a21ccb-411d-708e-ad7b-8816e41d918c', '01a21ccb-41d4-710f-9bbd-5f196e74e256', '01a21ccb-4226-775f-9a69-1ee173910753', '2026-11-27 11:36:52.511097+00', 204, 2, NULL, '');
INSERT INTO public.audit VALUES ('01a21ccb-1dd0-750a-957b-d8ef256a4d6a', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'barnardos');
INSERT INTO public.audit VALUES ('01a21ccb-1dd7-7273-a48d-682fdc180db3', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'bawso');
INSERT INTO public.audit VALUES ('01a21ccb-1ddb-7247-9f67-788fe94cb0a9', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'belfast-and-lisburn-womens-aid');
INSERT INTO public.audit VALUES ('01a21ccb-1ddf-76b3-8222-dfa4f519b4fa', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'kalayaan');
INSERT INTO public.audit VALUES ('01a21ccb-1de3-7572-ba59-b141f7e55e8a', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'medaille-trust');
INSERT INTO public.audit VALUES ('01a21ccb-1de6-7451-a828-9dfd24408d07', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'migrant-help');
INSERT INTO public.audit VALUES ('01a21ccb-1dea-745c-afc5-e977247189d2', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'refugee-council');
INSERT INTO public.audit VALUES ('01a21ccb-1ded-7487-a914-3dae37476783', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'nspcc');
INSERT INTO public.audit VALUES ('01a21ccb-1df0-73b6-9d68-f859adbfc9d2', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'new-pathways');
INSERT INTO public.audit VALUES ('01a21ccb-1df4-769f-838d-c2e90e864e71', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'salvation-army');
INSERT INTO public.audit VALUES ('01a21ccb-1df7-74e1-855f-795b16bba19e', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'tara');
INSERT INTO public.audit VALUES ('01a21ccb-1dfa-762c-9ff9-eaf878a4d027', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'unseen');
INSERT INTO public.audit VALUES ('01a21ccb-1dfd-7574-b3d0-95d3252b5f85', '2026-11-27 11:36:43.191476+00', NULL, 'responder.list', 'youth-work-alliance');
INSERT INTO public.audit VALUES ('01a21ccb-24a6-716f-b481-72f2065de970', '2026-11-27 11:36:44.951488+00', NULL, 'token.issue', '01a21ccb-24a6-716f-b481-72f10f41a308');
INSERT INTO public.audit VALUES ('01a21ccb-2d89-7711-8f8e-f5835ab28c54', '2026-11-27 11:36:47.217935+00', NULL, 'partner.add', '01a21ccb-2d88-73b7-8e44-e9d8e43f543c');
INSERT INTO public.audit VALUES ('01a21ccb-2d8c-77ed-91d4-c4217b61c15e', '2026-11-27 11:36:47.217935+00', NULL, 'token.issue', '01a21ccb-2d8c-77ed-91d4-c4206f391128');
INSERT INTO public.audit VALUES ('01a21ccb-41a0-71fe-a23a-84b0c3f0acb9', '2026-11-27 11:36:52.364439+00', '01a21ccb-24a6-716f-b481-72f10f41a308', 'threshold.change', 'barnardos');
INSERT INTO public.coverage VALUES (1, '{"open":[],"waiting_list":[],"paused":["70381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e000000000000001c0e070381c0e070381c0e07038"],"unconfirmed":["38fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7dcee4fdb9dcee40000e38008200e3f1c01c71c71f8fc70071f8fc7","38fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7c3e1c0d87c3e1f8fc7e3f1f8fc7e3f1c01c70071f8fc70071f8fc7","e38000000000038e00000000000e38000000000038e00000000000e38000000000038e00000000000e38000000000038e00000000000e38000000201038240201000000000000000000038e00e38000000e38000000"],"ask":[]}');
INSERT INTO public.delivery VALUES ('01a21ccb-411d-708e-ad7b-8816e41d918c', '01a21ccb-4161-70cf-9748-5c8a56b32537', 14, 'delivered', 1, NULL, '2026-11-27 11:36:52.304146+00', '2026-11-27 11:36:52.38268+00', NULL);
INSERT INTO public.delivery VALUES ('01a21ccb-411d-708e-ad7b-8816e41d918c', '01a21ccb-4162-742f-af2b-953781a6e3c5', 15, 'delivered', 1, NULL, '2026-11-27 11:36:52.304146+00', '2026-11-27 11:36:52.446977+00', NULL);
INSERT INTO public.delivery VALUES ('01a21ccb-411d-708e-ad7b-8816e41d918c', '01a21ccb-41d3-73b4-aa34-87f22f3e5b84', 16, 'delivered', 1, NULL, '2026-11-27 11:36:52.430849+00', '2026-11-27 11:36:52.478602+00', NULL);
INSERT INTO public.delivery VALUES ('01a21ccb-411d-708e-ad7b-8816e41d918c', '01a21ccb-41d4-710f-9bbd-5f196e74e256', 17, 'delivered', 1, NULL, '2026-11-27 11:36:52.430849+00', '2026-11-27 11:36:52.513097+00', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1dcf-74e1-862a-03f5797c076a', 1, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1dcc-7314-83bc-68bcadf50ed4', '{"id":"01a21ccb-1dcf-74e1-862a-03f5797c076a","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":1,"test":false,"data":{"responder":{"id":"01a21ccb-1dcc-7314-83bc-68bcadf50ed4","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":1,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1dd7-7273-a48d-682e00053041', 2, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1dd6-7397-8931-9ed3c8835cbc', '{"id":"01a21ccb-1dd7-7273-a48d-682e00053041","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":2,"test":false,"data":{"responder":{"id":"01a21ccb-1dd6-7397-8931-9ed3c8835cbc","slug":"bawso","name":"BAWSO","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":2,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1ddb-7247-9f67-788e8bfe1c98', 3, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1dda-7616-ab6f-cf735de21da4', '{"id":"01a21ccb-1ddb-7247-9f67-788e8bfe1c98","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":3,"test":false,"data":{"responder":{"id":"01a21ccb-1dda-7616-ab6f-cf735de21da4","slug":"belfast-and-lisburn-womens-aid","name":"Belfast and Lisburn Women''s Aid","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":3,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1ddf-76b3-8222-dfa3ffe0a3f3', 4, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1dde-7282-953e-bf72572eb632', '{"id":"01a21ccb-1ddf-76b3-8222-dfa3ffe0a3f3","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":4,"test":false,"data":{"responder":{"id":"01a21ccb-1dde-7282-953e-bf72572eb632","slug":"kalayaan","name":"Kalayaan","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":4,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1de3-7572-ba59-b1400262cf1b', 5, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1de2-728f-950e-9c5c9cb6d785', '{"id":"01a21ccb-1de3-7572-ba59-b1400262cf1b","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":5,"test":false,"data":{"responder":{"id":"01a21ccb-1de2-728f-950e-9c5c9cb6d785","slug":"medaille-trust","name":"Medaille Trust","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":5,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1de6-7451-a828-9dfc42b407ca', 6, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1de5-7071-8730-bc8674be07ce', '{"id":"01a21ccb-1de6-7451-a828-9dfc42b407ca","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":6,"test":false,"data":{"responder":{"id":"01a21ccb-1de5-7071-8730-bc8674be07ce","slug":"migrant-help","name":"Migrant Help","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":6,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1dea-745c-afc5-e9766ac5d7e0', 7, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1de9-72ba-b496-0b4dbd818dd0', '{"id":"01a21ccb-1dea-745c-afc5-e9766ac5d7e0","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":7,"test":false,"data":{"responder":{"id":"01a21ccb-1de9-72ba-b496-0b4dbd818dd0","slug":"refugee-council","name":"Refugee Council","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":["all"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":7,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1ded-7487-a914-3dad7de0e7d5', 8, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1dec-70ad-9845-077621de8476', '{"id":"01a21ccb-1ded-7487-a914-3dad7de0e7d5","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":8,"test":false,"data":{"responder":{"id":"01a21ccb-1dec-70ad-9845-077621de8476","slug":"nspcc","name":"NSPCC","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["unknown"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":8,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1df0-73b6-9d68-f85850d148af', 9, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1def-71c0-89bf-f3b238a3bb80', '{"id":"01a21ccb-1df0-73b6-9d68-f85850d148af","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":9,"test":false,"data":{"responder":{"id":"01a21ccb-1def-71c0-89bf-f3b238a3bb80","slug":"new-pathways","name":"New Pathways","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":9,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1df4-769f-838d-c2e83f7d76c7', 10, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1df2-735f-b05f-03ed8a27e1d2', '{"id":"01a21ccb-1df4-769f-838d-c2e83f7d76c7","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":10,"test":false,"data":{"responder":{"id":"01a21ccb-1df2-735f-b05f-03ed8a27e1d2","slug":"salvation-army","name":"The Salvation Army","website":null,"contact":{"phone":{"text":"0800 808 3733","dial":"+448008083733","extension":null},"email":null,"url":null,"hours":"Answered at all hours according to its own site","all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":10,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1df7-74e1-855f-795a9324960b', 11, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1df6-7474-9381-81e339dba4e2', '{"id":"01a21ccb-1df7-74e1-855f-795a9324960b","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":11,"test":false,"data":{"responder":{"id":"01a21ccb-1df6-7474-9381-81e339dba4e2","slug":"tara","name":"TARA","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"S92000003","name":"Scotland"}],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":11,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1dfa-762c-9ff9-eaf7940fc76d', 12, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1df9-73bb-a8dc-65e41a372268', '{"id":"01a21ccb-1dfa-762c-9ff9-eaf7940fc76d","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":12,"test":false,"data":{"responder":{"id":"01a21ccb-1df9-73bb-a8dc-65e41a372268","slug":"unseen","name":"Unseen","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E47000009","name":"West of England"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":12,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-1dfd-7574-b3d0-95d256b63f99', 13, 'responder.listed', '2026-11-27 11:36:43.191476+00', '01a21ccb-1dfd-7574-b3d0-95d123e0acc7', '{"id":"01a21ccb-1dfd-7574-b3d0-95d256b63f99","type":"responder.listed","timestamp":"2026-11-27T11:36:43.191476Z","sequence":13,"test":false,"data":{"responder":{"id":"01a21ccb-1dfd-7574-b3d0-95d123e0acc7","slug":"youth-work-alliance","name":"Youth Work Alliance","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child","young_person"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":13,"updated_at":"2026-11-27T11:36:43.191476Z"}}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-4161-70cf-9748-5c8a56b32537', 14, 'intake.opened', '2026-11-27 11:36:52.304146+00', '01a21ccb-1dcc-7314-83bc-68bcadf50ed4', '{"id":"01a21ccb-4161-70cf-9748-5c8a56b32537","type":"intake.opened","timestamp":"2026-11-27T11:36:52.304146Z","sequence":14,"test":false,"data":{"responder":{"id":"01a21ccb-1dcc-7314-83bc-68bcadf50ed4","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"open","since":"2026-11-27T11:36:52.304146Z","said_by":"responder","confirmed_at":"2026-11-27T11:36:52.304146Z","confirm_by":"2026-12-04T11:36:52.304146Z","report":{"state":"open","expected_response":{"min":5,"max":10,"unit":"working_days"},"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null},"last_report":null,"planned":null,"capacity_status":"capacity"},"sequence":14,"updated_at":"2026-11-27T11:36:52.304146Z"},"previous_state":"unconfirmed"}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-4162-742f-af2b-953781a6e3c5', 15, 'coverage.gap_closed', '2026-11-27 11:36:52.304146+00', NULL, '{"id":"01a21ccb-4162-742f-af2b-953781a6e3c5","type":"coverage.gap_closed","timestamp":"2026-11-27T11:36:52.304146Z","sequence":15,"test":false,"data":{"cells":[{"areas":["E92000001","W92000004","N92000002","E12000001","E12000002","E12000003","E12000004","E12000005","E12000006","E12000007","E12000008","E12000009"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"ask":[],"text":"a charity is now confirmed open for children in England, Wales and Northern Ireland"}]}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-41d3-73b4-aa34-87f22f3e5b84', 16, 'intake.paused', '2026-11-27 11:36:52.430849+00', '01a21ccb-1dcc-7314-83bc-68bcadf50ed4', '{"id":"01a21ccb-41d3-73b4-aa34-87f22f3e5b84","type":"intake.paused","timestamp":"2026-11-27T11:36:52.430849Z","sequence":16,"test":false,"data":{"responder":{"id":"01a21ccb-1dcc-7314-83bc-68bcadf50ed4","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"paused","since":"2026-11-27T11:36:52.430849Z","said_by":"responder","confirmed_at":"2026-11-27T11:36:52.430849Z","confirm_by":"2026-12-04T11:36:52.430849Z","report":{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"},"last_report":null,"planned":null,"capacity_status":"no-capacity"},"sequence":16,"updated_at":"2026-11-27T11:36:52.430849Z"},"previous_state":"open"}}', NULL);
INSERT INTO public.event VALUES ('01a21ccb-41d4-710f-9bbd-5f196e74e256', 17, 'coverage.gap_opened', '2026-11-27 11:36:52.430849+00', NULL, '{"id":"01a21ccb-41d4-710f-9bbd-5f196e74e256","type":"coverage.gap_opened","timestamp":"2026-11-27T11:36:52.430849Z","sequence":17,"test":false,"data":{"cells":[{"areas":["E92000001","W92000004","N92000002","E12000001","E12000002","E12000003","E12000004","E12000005","E12000006","E12000007","E12000008","E12000009"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"ask":[],"text":"no charity is known to be open for children in Wales, Northern Ireland or any region of England as a whole"}]}}', NULL);
INSERT INTO public.gap VALUES ('E92000001', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('W92000004', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('S92000003', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('N92000002', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('E92000001/adult', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('E92000001/child', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('E92000001/young_person', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('W92000004/adult', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('W92000004/child', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('W92000004/young_person', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('S92000003/adult', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('S92000003/child', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('S92000003/young_person', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('N92000002/adult', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('N92000002/child', 1795779403, NULL, 0);
INSERT INTO public.gap VALUES ('N92000002/young_person', 1795779403, NULL, 0);
INSERT INTO public.intake VALUES ('01a21ccb-1dd6-7397-8931-9ed3c8835cbc', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1dda-7616-ab6f-cf735de21da4', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1dde-7282-953e-bf72572eb632', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1de2-728f-950e-9c5c9cb6d785', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1de5-7071-8730-bc8674be07ce', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1de9-72ba-b496-0b4dbd818dd0', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1dec-70ad-9845-077621de8476', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1def-71c0-89bf-f3b238a3bb80', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1df2-735f-b05f-03ed8a27e1d2', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1df6-7474-9381-81e339dba4e2', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1df9-73bb-a8dc-65e41a372268', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1dfd-7574-b3d0-95d123e0acc7', NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.intake VALUES ('01a21ccb-1dcc-7314-83bc-68bcadf50ed4', '{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}', '2026-11-27 11:36:52.430849+00', '2026-11-27 11:36:52.430849+00', '2026-12-04 11:36:52.430849+00', false, NULL, '2026-12-02 17:36:52.430849+00', '2026-12-02 17:36:52.430849+00', NULL, 'responder');
INSERT INTO public.partner VALUES ('01a21ccb-2d88-73b7-8e44-e9d8e43f543c', 'Tool', '2026-11-27 11:36:47.217935+00');
INSERT INTO public.period VALUES ('01a21ccb-1de2-728f-950e-9c5c9cb6d785', 0, 'unconfirmed', 1795779403, NULL, '["E92000001"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a21ccb-1dec-70ad-9845-077621de8476', 0, 'unconfirmed', 1795779403, NULL, '[]', 0, 0, 0, 0, 0, '[]');
INSERT INTO public.period VALUES ('01a21ccb-1dd6-7397-8931-9ed3c8835cbc', 0, 'unconfirmed', 1795779403, NULL, '["W92000004"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a21ccb-1def-71c0-89bf-f3b238a3bb80', 0, 'unconfirmed', 1795779403, NULL, '["W92000004"]', 0, 0, 0, 0, 0, '["adult","child","young_person"]');
INSERT INTO public.period VALUES ('01a21ccb-1de9-72ba-b496-0b4dbd818dd0', 0, 'unconfirmed', 1795779403, NULL, '[]', 0, 0, 0, 0, 0, '[]');
INSERT INTO public.period VALUES ('01a21ccb-1dde-7282-953e-bf72572eb632', 0, 'unconfirmed', 1795779403, NULL, '["E92000001","W92000004","S92000003","N92000002"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a21ccb-1df6-7474-9381-81e339dba4e2', 0, 'unconfirmed', 1795779403, NULL, '["S92000003"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a21ccb-1df9-73bb-a8dc-65e41a372268', 0, 'unconfirmed', 1795779403, NULL, '[]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a21ccb-1dfd-7574-b3d0-95d123e0acc7', 0, 'unconfirmed', 1795779403, NULL, '["N92000002"]', 0, 0, 0, 0, 0, '["child","young_person"]');
INSERT INTO public.period VALUES ('01a21ccb-1df2-735f-b05f-03ed8a27e1d2', 0, 'unconfirmed', 1795779403, NULL, '["E92000001","W92000004","S92000003","N92000002"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a21ccb-1dcc-7314-83bc-68bcadf50ed4', 0, 'unconfirmed', 1795779403, 1795779412, '["E92000001","W92000004","N92000002"]', 0, 0, 0, 0, 0, '["child"]');
INSERT INTO public.period VALUES ('01a21ccb-1dcc-7314-83bc-68bcadf50ed4', 1, 'open', 1795779412, 1795779412, '["E92000001","W92000004","N92000002"]', 0, 0, 0, 9, 0, '["child"]');
INSERT INTO public.period VALUES ('01a21ccb-1dcc-7314-83bc-68bcadf50ed4', 2, 'paused', 1795779412, NULL, '["E92000001","W92000004","N92000002"]', 0, 0, 0, 9, 0, '["child"]');
INSERT INTO public.period VALUES ('01a21ccb-1dda-7616-ab6f-cf735de21da4', 0, 'unconfirmed', 1795779403, NULL, '["N92000002"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.period VALUES ('01a21ccb-1de5-7071-8730-bc8674be07ce', 0, 'unconfirmed', 1795779403, NULL, '["E92000001","W92000004","S92000003","N92000002"]', 0, 0, 0, 0, 0, '["adult","young_person"]');
INSERT INTO public.report VALUES ('01a21ccb-4162-742f-af2b-9538f709f072', '01a21ccb-1dcc-7314-83bc-68bcadf50ed4', 'reported', '2026-11-27 11:36:52.304146+00', 'open', '{"state":"open","expected_response":{"min":5,"max":10,"unit":"working_days"},"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null}', NULL, '2026-12-04 11:36:52.304146+00', 14, '01a21ccb-24a6-716f-b481-72f10f41a308', 'responder');
INSERT INTO public.report VALUES ('01a21ccb-41d4-710f-9bbd-5f1a9a9d7b65', '01a21ccb-1dcc-7314-83bc-68bcadf50ed4', 'reported', '2026-11-27 11:36:52.430849+00', 'paused', '{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}', NULL, '2026-12-04 11:36:52.430849+00', 16, '01a21ccb-24a6-716f-b481-72f10f41a308', 'responder');
INSERT INTO public.responder VALUES ('01a21ccb-1dd6-7397-8931-9ed3c8835cbc', 'bawso', 'BAWSO', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["W92000004"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 2, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 2);
INSERT INTO public.responder VALUES ('01a21ccb-1dda-7616-ab6f-cf735de21da4', 'belfast-and-lisburn-womens-aid', 'Belfast and Lisburn Women''s Aid', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["N92000002"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 3, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 3);
INSERT INTO public.responder VALUES ('01a21ccb-1dde-7282-953e-bf72572eb632', 'kalayaan', 'Kalayaan', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["K02000001"],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 4, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 4);
INSERT INTO public.responder VALUES ('01a21ccb-1de2-728f-950e-9c5c9cb6d785', 'medaille-trust', 'Medaille Trust', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["E92000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 5, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 5);
INSERT INTO public.responder VALUES ('01a21ccb-1de5-7071-8730-bc8674be07ce', 'migrant-help', 'Migrant Help', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["K02000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 6, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 6);
INSERT INTO public.responder VALUES ('01a21ccb-1dcc-7314-83bc-68bcadf50ed4', 'barnardos', 'Barnardo''s', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["E92000001","W92000004","N92000002"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 16, '2026-11-27 11:36:52.430849+00', '2026-11-27 11:36:43.191476+00', NULL, 16);
INSERT INTO public.responder VALUES ('01a21ccb-1de9-72ba-b496-0b4dbd818dd0', 'refugee-council', 'Refugee Council', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["E92000001"],"exploitation_types":["all"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 7, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 7);
INSERT INTO public.responder VALUES ('01a21ccb-1dec-70ad-9845-077621de8476', 'nspcc', 'NSPCC', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["K02000001"],"exploitation_types":["unknown"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 8, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 8);
INSERT INTO public.responder VALUES ('01a21ccb-1def-71c0-89bf-f3b238a3bb80', 'new-pathways', 'New Pathways', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["W92000004"],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 9, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 9);
INSERT INTO public.responder VALUES ('01a21ccb-1df2-735f-b05f-03ed8a27e1d2', 'salvation-army', 'The Salvation Army', NULL, '{"phone":{"text":"0800 808 3733","dial":"+448008083733","extension":null},"email":null,"url":null,"hours":"Answered at all hours according to its own site","all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["K02000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 10, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 10);
INSERT INTO public.responder VALUES ('01a21ccb-1df6-7474-9381-81e339dba4e2', 'tara', 'TARA', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["S92000003"],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 11, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 11);
INSERT INTO public.responder VALUES ('01a21ccb-1df9-73bb-a8dc-65e41a372268', 'unseen', 'Unseen', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["E47000009"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 12, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 12);
INSERT INTO public.responder VALUES ('01a21ccb-1dfd-7574-b3d0-95d123e0acc7', 'youth-work-alliance', 'Youth Work Alliance', NULL, '{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}', '{"areas":["N92000002"],"exploitation_types":["all"],"age_groups":["child","young_person"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}', 168, 13, '2026-11-27 11:36:43.191476+00', '2026-11-27 11:36:43.191476+00', NULL, 13);
INSERT INTO public.rollup VALUES (1, 17, '{"E92000001":0,"W92000004":0,"S92000003":0,"N92000002":0,"E92000001/adult":0,"E92000001/child":0,"E92000001/young_person":0,"W92000004/adult":0,"W92000004/child":0,"W92000004/young_person":0,"S92000003/adult":0,"S92000003/child":0,"S92000003/young_person":0,"N92000002/adult":0,"N92000002/child":0,"N92000002/young_person":0}');
INSERT INTO public.sequence VALUES (1, 17, '2026-11-27 11:36:52.430849+00');
INSERT INTO public.threshold VALUES ('01a21ccb-1dcc-7314-83bc-68bcadf50ed4', '{"pause_at":100,"reopen_below":80,"report":{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}}', 40, '2026-11-27 11:36:52.407551+00');
INSERT INTO public.token VALUES ('01a21ccb-2d8c-77ed-91d4-c4206f391128', '\x54980f75b5b723bcf0858e9407ec36d6ae63471be9bc228a185fb930aa4eefe1', NULL, '01a21ccb-2d88-73b7-8e44-e9d8e43f543c', '["webhooks:manage"]', '2026-11-27 11:36:47.217935+00', '2036-11-24 11:36:47.217935+00', 315360000, NULL, '2026-11-27 11:36:52.227981+00');
INSERT INTO public.token VALUES ('01a21ccb-24a6-716f-b481-72f10f41a308', '\x840392eb2a0f0614fd248f7dc0abca9488981d1801412c507f0f1a3d8eb73826', '01a21ccb-1dcc-7314-83bc-68bcadf50ed4', NULL, '["intake:write","responder:write","webhooks:manage"]', '2026-11-27 11:36:44.951488+00', NULL, NULL, NULL, '2026-11-27 11:36:52.287672+00');
INSERT INTO public.webhook VALUES ('01a21ccb-411d-708e-ad7b-8816e41d918c', NULL, '01a21ccb-2d88-73b7-8e44-e9d8e43f543c', 'http://127.0.0.1:34793/', '["all"]', '["all"]', '["all"]', 'v1', 'drop', 17, '[{"sealed":"gAAAAABrCWtUAkCAw63djq7IGO-ZlQZZGlZb3Gv-SulZrYCtZwETVzIAOAIiSWagHSOHTwMxTTtjoSYuqkeJ8tswufo2BsgiUF2VoN-RWT0ZabpgvDNm_g015mpyVUZtILBG6dmvRd4-QU3JwB7zYPzb-84XkdJnHQ==","until":null}]', NULL, 'active', NULL, '2026-11-27 11:36:52.253485+00', NULL, NULL, 0, NULL, NULL, 0, NULL, NULL, 0);
SELECT pg_catalog.setval('public.coverage_id_seq', 1, false);
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
ALTER TABLE ONLY public.event
    ADD CONSTRAINT pk_event PRIMARY KEY (id);
ALTER TABLE ONLY public.gap
    ADD CONSTRAINT pk_gap PRIMARY KEY (place, began);
ALTER TABLE ONLY public.intake
    ADD CONSTRAINT pk_intake PRIMARY KEY (responder_id);
ALTER TABLE ONLY public.partner
    ADD CONSTRAINT pk_partner PRIMARY KEY (id);
ALTER TABLE ONLY public.period
    ADD CONSTRAINT pk_period PRIMARY KEY (responder_id, number);
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
ALTER TABLE ONLY public.partner
    ADD CONSTRAINT uq_partner_name UNIQUE (name);
ALTER TABLE ONLY public.responder
    ADD CONSTRAINT uq_responder_slug UNIQUE (slug);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT uq_token_hash UNIQUE (hash);
CREATE INDEX ix_delivery_finished ON public.delivery USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX ix_delivery_out_of_order ON public.delivery USING btree (webhook_id, next_attempt_at) WHERE (next_attempt_at IS NOT NULL);
CREATE INDEX ix_event_at_sequence ON public.event USING btree (at, sequence);
CREATE INDEX ix_event_listing ON public.event USING btree (responder_id, at) WHERE (type = ANY (ARRAY['responder.listed'::text, 'responder.delisted'::text]));
CREATE INDEX ix_event_responder_id_sequence ON public.event USING btree (responder_id, sequence);
CREATE INDEX ix_event_to_fan_out ON public.event USING btree (id) WHERE ((sequence IS NULL) AND (fanned_out_at IS NULL));
CREATE INDEX ix_intake_next_due ON public.intake USING btree (next_due) WHERE (next_due IS NOT NULL);
CREATE INDEX ix_period_pause ON public.period USING btree (responder_id, began, ended, state) WHERE ((state = 'paused'::text) AND (ended IS NOT NULL));
CREATE INDEX ix_period_responder_id_began ON public.period USING btree (responder_id, began, number);
CREATE INDEX ix_report_responder_id_at ON public.report USING btree (responder_id, at, sequence);
CREATE INDEX ix_responder_sequence ON public.responder USING btree (sequence);
CREATE INDEX ix_token_partner_id ON public.token USING btree (partner_id);
CREATE INDEX ix_token_responder_id ON public.token USING btree (responder_id);
CREATE INDEX ix_webhook_backing_off ON public.webhook USING btree (next_attempt_at) WHERE ((status = 'active'::text) AND (next_attempt_at IS NOT NULL));
CREATE INDEX ix_webhook_out_of_order ON public.webhook USING btree (out_of_order_at) WHERE ((status = 'active'::text) AND (out_of_order_at IS NOT NULL));
CREATE INDEX ix_webhook_partner_id ON public.webhook USING btree (partner_id);
CREATE INDEX ix_webhook_ready ON public.webhook USING btree (cursor) WHERE ((status = 'active'::text) AND (next_attempt_at IS NULL));
CREATE INDEX ix_webhook_responder_id ON public.webhook USING btree (responder_id);
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT fk_attempt_webhook_id_event_id FOREIGN KEY (webhook_id, event_id) REFERENCES public.delivery(webhook_id, event_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT fk_delivery_event_id FOREIGN KEY (event_id) REFERENCES public.event(id);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT fk_delivery_webhook_id FOREIGN KEY (webhook_id) REFERENCES public.webhook(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.event
    ADD CONSTRAINT fk_event_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.intake
    ADD CONSTRAINT fk_intake_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
ALTER TABLE ONLY public.period
    ADD CONSTRAINT fk_period_responder_id FOREIGN KEY (responder_id) REFERENCES public.responder(id);
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
