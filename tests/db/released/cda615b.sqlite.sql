BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE attempt (
	id CHAR(32) NOT NULL, 
	delivery_id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	status INTEGER, 
	duration_ms INTEGER NOT NULL, 
	reason TEXT, 
	answer TEXT, 
	CONSTRAINT pk_attempt PRIMARY KEY (id), 
	CONSTRAINT fk_attempt_delivery_id FOREIGN KEY(delivery_id) REFERENCES delivery (id) ON DELETE CASCADE
);
INSERT INTO "attempt" VALUES('01a21cca4d0b753a95da62f050f08b43','01a21cca4cf475e9b817e8a7e8c206a7','2026-11-27 11:35:49.761041',204,6,NULL,'');
INSERT INTO "attempt" VALUES('01a21cca4d3277f8bbb94e2860178767','01a21cca4d197098bf00fcdb9f47cdfc','2026-11-27 11:35:49.802106',204,5,NULL,'');
CREATE TABLE audit (
	id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	token_id CHAR(32), 
	action TEXT NOT NULL, 
	target TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (id)
);
INSERT INTO "audit" VALUES('01a21cca29ee77d28c41834b542d8c75','2026-11-27 11:35:40.770585',NULL,'responder.list','barnardos');
INSERT INTO "audit" VALUES('01a21cca29f37097b4a759106840d09e','2026-11-27 11:35:40.770585',NULL,'responder.list','bawso');
INSERT INTO "audit" VALUES('01a21cca29f67681beded0d04cf94125','2026-11-27 11:35:40.770585',NULL,'responder.list','belfast-and-lisburn-womens-aid');
INSERT INTO "audit" VALUES('01a21cca29f9719ebeefdd2c8556998a','2026-11-27 11:35:40.770585',NULL,'responder.list','kalayaan');
INSERT INTO "audit" VALUES('01a21cca29fc754c8b89446346a3247a','2026-11-27 11:35:40.770585',NULL,'responder.list','medaille-trust');
INSERT INTO "audit" VALUES('01a21cca29fe74dc8e0cf2b61a20e3d5','2026-11-27 11:35:40.770585',NULL,'responder.list','migrant-help');
INSERT INTO "audit" VALUES('01a21cca2a017380b8a71eff1e587978','2026-11-27 11:35:40.770585',NULL,'responder.list','refugee-council');
INSERT INTO "audit" VALUES('01a21cca2a0473a1b1e06c415b348854','2026-11-27 11:35:40.770585',NULL,'responder.list','nspcc');
INSERT INTO "audit" VALUES('01a21cca2a0677caa4e2568ee7a88627','2026-11-27 11:35:40.770585',NULL,'responder.list','new-pathways');
INSERT INTO "audit" VALUES('01a21cca2a0976b48652cbd7119a65cc','2026-11-27 11:35:40.770585',NULL,'responder.list','salvation-army');
INSERT INTO "audit" VALUES('01a21cca2a0c74709c6caf512e8afa7b','2026-11-27 11:35:40.770585',NULL,'responder.list','tara');
INSERT INTO "audit" VALUES('01a21cca2a0f75668e44f28b2bb6d88c','2026-11-27 11:35:40.770585',NULL,'responder.list','unseen');
INSERT INTO "audit" VALUES('01a21cca2a117714be8dc5d03a69b206','2026-11-27 11:35:40.770585',NULL,'responder.list','youth-work-alliance');
INSERT INTO "audit" VALUES('01a21cca324e72b19e1fd0f67a54f356','2026-11-27 11:35:42.899605',NULL,'token.issue','01a21cca-324e-72b1-9e1f-d0f57735c549');
INSERT INTO "audit" VALUES('01a21cca3d0c7551805e7a686cdcdf0c','2026-11-27 11:35:45.647062',NULL,'partner.add','01a21cca-3d0c-7551-805e-7a67b3805200');
INSERT INTO "audit" VALUES('01a21cca3d107321a94b061e82621701','2026-11-27 11:35:45.647062',NULL,'token.issue','01a21cca-3d10-7321-a94b-061d7b9f0dee');
CREATE TABLE delivery (
	id CHAR(32) NOT NULL, 
	webhook_id CHAR(32) NOT NULL, 
	event_id CHAR(32) NOT NULL, 
	sequence BIGINT, 
	status TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_attempt_at DATETIME, 
	claim_id CHAR(32), 
	claimed_until DATETIME, 
	created_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	CONSTRAINT pk_delivery PRIMARY KEY (id), 
	CONSTRAINT fk_delivery_event_id FOREIGN KEY(event_id) REFERENCES event (id), 
	CONSTRAINT fk_delivery_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhook (id) ON DELETE CASCADE, 
	CONSTRAINT uq_delivery_webhook_id_event_id UNIQUE (webhook_id, event_id)
);
INSERT INTO "delivery" VALUES('01a21cca4cf475e9b817e8a7e8c206a7','01a21cca4cdd73699ff336eb32fac38e','01a21cca4ced767e8f137e63be1bebdc',14,'delivered',1,NULL,NULL,NULL,'2026-11-27 11:35:49.746435','2026-11-27 11:35:49.767041');
INSERT INTO "delivery" VALUES('01a21cca4d197098bf00fcdb9f47cdfc','01a21cca4cdd73699ff336eb32fac38e','01a21cca4d117219844640091b93bf84',15,'delivered',1,NULL,NULL,NULL,'2026-11-27 11:35:49.780416','2026-11-27 11:35:49.807106');
CREATE TABLE event (
	id CHAR(32) NOT NULL, 
	sequence BIGINT, 
	type TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	responder_id CHAR(32), 
	body TEXT NOT NULL, 
	fanned_out_at DATETIME, 
	CONSTRAINT pk_event PRIMARY KEY (id), 
	CONSTRAINT fk_event_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id), 
	CONSTRAINT uq_event_sequence UNIQUE (sequence)
);
INSERT INTO "event" VALUES('01a21cca29ee77d28c41834af6116300',1,'responder.listed','2026-11-27 11:35:40.770585','01a21cca29ec71b7b040a8afd11a5677','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":1,"data":{"responder":{"id":"01a21cca-29ec-71b7-b040-a8afd11a5677","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":1,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca29f37097b4a7590fd2e7bbc0',2,'responder.listed','2026-11-27 11:35:40.770585','01a21cca29f273c180390473e379b9ee','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":2,"data":{"responder":{"id":"01a21cca-29f2-73c1-8039-0473e379b9ee","slug":"bawso","name":"BAWSO","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":2,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca29f67681beded0cfd1170516',3,'responder.listed','2026-11-27 11:35:40.770585','01a21cca29f5721cbfbd2fc18534a53b','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":3,"data":{"responder":{"id":"01a21cca-29f5-721c-bfbd-2fc18534a53b","slug":"belfast-and-lisburn-womens-aid","name":"Belfast and Lisburn Women''s Aid","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":3,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca29f9719ebeefdd2b577a7b1e',4,'responder.listed','2026-11-27 11:35:40.770585','01a21cca29f872b2bb5ff479cc23f592','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":4,"data":{"responder":{"id":"01a21cca-29f8-72b2-bb5f-f479cc23f592","slug":"kalayaan","name":"Kalayaan","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":4,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca29fc754c8b89446248b35cfc',5,'responder.listed','2026-11-27 11:35:40.770585','01a21cca29fb7726a7aa2d973b963446','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":5,"data":{"responder":{"id":"01a21cca-29fb-7726-a7aa-2d973b963446","slug":"medaille-trust","name":"Medaille Trust","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":5,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca29fe74dc8e0cf2b5230ca483',6,'responder.listed','2026-11-27 11:35:40.770585','01a21cca29fe74dc8e0cf2b4373f7cfa','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":6,"data":{"responder":{"id":"01a21cca-29fe-74dc-8e0c-f2b4373f7cfa","slug":"migrant-help","name":"Migrant Help","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":6,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca2a017380b8a71efe31faaeb3',7,'responder.listed','2026-11-27 11:35:40.770585','01a21cca2a00722d970aedc8a2534bed','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":7,"data":{"responder":{"id":"01a21cca-2a00-722d-970a-edc8a2534bed","slug":"refugee-council","name":"Refugee Council","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":"all","age_groups":["adult","child"],"genders":"all","existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":7,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca2a0473a1b1e06c40bec3a66a',8,'responder.listed','2026-11-27 11:35:40.770585','01a21cca2a0375f0b0fca24cd14e8a8c','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":8,"data":{"responder":{"id":"01a21cca-2a03-75f0-b0fc-a24cd14e8a8c","slug":"nspcc","name":"NSPCC","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":null,"age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":8,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca2a0677caa4e2568dc0ed2adc',9,'responder.listed','2026-11-27 11:35:40.770585','01a21cca2a0677caa4e2568c75dd4641','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":9,"data":{"responder":{"id":"01a21cca-2a06-77ca-a4e2-568c75dd4641","slug":"new-pathways","name":"New Pathways","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":9,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca2a0976b48652cbd69b6ad5ab',10,'responder.listed','2026-11-27 11:35:40.770585','01a21cca2a0872c99efbadb4548580c1','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":10,"data":{"responder":{"id":"01a21cca-2a08-72c9-9efb-adb4548580c1","slug":"salvation-army","name":"The Salvation Army","website":null,"contact":{"phone":"0800 808 3733","email":null,"url":null,"hours":"Answered at all hours according to its own site"},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":10,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca2a0c74709c6caf500e94e6fe',11,'responder.listed','2026-11-27 11:35:40.770585','01a21cca2a0b70cb92ece0610113ac80','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":11,"data":{"responder":{"id":"01a21cca-2a0b-70cb-92ec-e0610113ac80","slug":"tara","name":"TARA","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"S92000003","name":"Scotland"}],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":11,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca2a0f75668e44f28a91cf5dbb',12,'responder.listed','2026-11-27 11:35:40.770585','01a21cca2a0e7164a7f1f410a094ed34','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":12,"data":{"responder":{"id":"01a21cca-2a0e-7164-a7f1-f410a094ed34","slug":"unseen","name":"Unseen","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E47000009","name":"West of England"}],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":12,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca2a117714be8dc5cf03639bc6',13,'responder.listed','2026-11-27 11:35:40.770585','01a21cca2a117714be8dc5ceb6eb3f3d','{"type":"responder.listed","timestamp":"2026-11-27T11:35:40.770585Z","sequence":13,"data":{"responder":{"id":"01a21cca-2a11-7714-be8d-c5ceb6eb3f3d","slug":"youth-work-alliance","name":"Youth Work Alliance","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["child","young_person"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","reported_state":null,"expected_response":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":null,"confirmed_at":null,"confirm_by":null,"planned":null},"sequence":13,"updated_at":"2026-11-27T11:35:40.770585Z"}}}','2026-11-27 11:35:49.559542');
INSERT INTO "event" VALUES('01a21cca4ced767e8f137e63be1bebdc',14,'intake.opened','2026-11-27 11:35:49.735744','01a21cca29ec71b7b040a8afd11a5677','{"type":"intake.opened","timestamp":"2026-11-27T11:35:49.735744Z","sequence":14,"data":{"responder":{"id":"01a21cca-29ec-71b7-b040-a8afd11a5677","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"open","reported_state":"open","expected_response":{"max":10,"unit":"working_days","min":5},"reason":null,"exceptions":[],"reopens_on":null,"note":null,"changed_at":"2026-11-27T11:35:49.735744Z","confirmed_at":"2026-11-27T11:35:49.735744Z","confirm_by":"2026-12-04T11:35:49.735744Z","planned":null,"capacity_status":"capacity"},"sequence":14,"updated_at":"2026-11-27T11:35:49.735744Z"},"previous_state":"unconfirmed"}}','2026-11-27 11:35:49.746435');
INSERT INTO "event" VALUES('01a21cca4d117219844640091b93bf84',15,'intake.paused','2026-11-27 11:35:49.768837','01a21cca29ec71b7b040a8afd11a5677','{"type":"intake.paused","timestamp":"2026-11-27T11:35:49.768837Z","sequence":15,"data":{"responder":{"id":"01a21cca-29ec-71b7-b040-a8afd11a5677","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":"all","age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"paused","reported_state":"paused","expected_response":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now","changed_at":"2026-11-27T11:35:49.768837Z","confirmed_at":"2026-11-27T11:35:49.768837Z","confirm_by":"2026-12-04T11:35:49.768837Z","planned":null,"capacity_status":"no-capacity"},"sequence":15,"updated_at":"2026-11-27T11:35:49.768837Z"},"previous_state":"open"}}','2026-11-27 11:35:49.780416');
CREATE TABLE intake (
	responder_id CHAR(32) NOT NULL, 
	report JSON, 
	changed_at DATETIME, 
	confirmed_at DATETIME, 
	confirm_by DATETIME, 
	lapsed BOOLEAN NOT NULL, 
	planned JSON, 
	next_due DATETIME, 
	CONSTRAINT pk_intake PRIMARY KEY (responder_id), 
	CONSTRAINT fk_intake_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "intake" VALUES('01a21cca29ec71b7b040a8afd11a5677','{"state":"paused","expected_response":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}','2026-11-27 11:35:49.768837','2026-11-27 11:35:49.768837','2026-12-04 11:35:49.768837',0,NULL,'2026-12-04 11:35:49.768837');
INSERT INTO "intake" VALUES('01a21cca29f273c180390473e379b9ee',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca29f5721cbfbd2fc18534a53b',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca29f872b2bb5ff479cc23f592',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca29fb7726a7aa2d973b963446',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca29fe74dc8e0cf2b4373f7cfa',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca2a00722d970aedc8a2534bed',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca2a0375f0b0fca24cd14e8a8c',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca2a0677caa4e2568c75dd4641',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca2a0872c99efbadb4548580c1',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca2a0b70cb92ece0610113ac80',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca2a0e7164a7f1f410a094ed34',NULL,NULL,NULL,NULL,0,NULL,NULL);
INSERT INTO "intake" VALUES('01a21cca2a117714be8dc5ceb6eb3f3d',NULL,NULL,NULL,NULL,0,NULL,NULL);
CREATE TABLE partner (
	id CHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_partner PRIMARY KEY (id), 
	CONSTRAINT uq_partner_name UNIQUE (name)
);
INSERT INTO "partner" VALUES('01a21cca3d0c7551805e7a67b3805200','Tool','2026-11-27 11:35:45.647062');
CREATE TABLE report (
	id CHAR(32) NOT NULL, 
	responder_id CHAR(32) NOT NULL, 
	kind TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	state TEXT NOT NULL, 
	report JSON, 
	effective_from DATETIME, 
	confirm_by DATETIME, 
	sequence BIGINT NOT NULL, 
	token_id CHAR(32), 
	CONSTRAINT pk_report PRIMARY KEY (id), 
	CONSTRAINT fk_report_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "report" VALUES('01a21cca4ced767e8f137e647e30fbc0','01a21cca29ec71b7b040a8afd11a5677','reported','2026-11-27 11:35:49.735744','open','{"state":"open","expected_response":{"max":10,"unit":"working_days","min":5},"reason":null,"exceptions":[],"reopens_on":null,"note":null}',NULL,'2026-12-04 11:35:49.735744',14,'01a21cca324e72b19e1fd0f57735c549');
INSERT INTO "report" VALUES('01a21cca4d1172198446400af7d94e40','01a21cca29ec71b7b040a8afd11a5677','reported','2026-11-27 11:35:49.768837','paused','{"state":"paused","expected_response":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}',NULL,'2026-12-04 11:35:49.768837',15,'01a21cca324e72b19e1fd0f57735c549');
CREATE TABLE responder (
	id CHAR(32) NOT NULL, 
	slug TEXT NOT NULL, 
	name TEXT NOT NULL, 
	website TEXT, 
	contact JSON NOT NULL, 
	remit JSON NOT NULL, 
	valid_for_hours INTEGER NOT NULL, 
	sequence BIGINT NOT NULL, 
	updated_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	delisted_at DATETIME, 
	CONSTRAINT pk_responder PRIMARY KEY (id), 
	CONSTRAINT uq_responder_slug UNIQUE (slug)
);
INSERT INTO "responder" VALUES('01a21cca29ec71b7b040a8afd11a5677','barnardos','Barnardo''s',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["E92000001","W92000004","N92000002"],"exploitation_types":"all","age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,15,'2026-11-27 11:35:49.768837','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca29f273c180390473e379b9ee','bawso','BAWSO',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["W92000004"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,2,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca29f5721cbfbd2fc18534a53b','belfast-and-lisburn-womens-aid','Belfast and Lisburn Women''s Aid',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["N92000002"],"exploitation_types":"all","age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,3,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca29f872b2bb5ff479cc23f592','kalayaan','Kalayaan',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["K02000001"],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,4,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca29fb7726a7aa2d973b963446','medaille-trust','Medaille Trust',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["E92000001"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,5,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca29fe74dc8e0cf2b4373f7cfa','migrant-help','Migrant Help',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["K02000001"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,6,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca2a00722d970aedc8a2534bed','refugee-council','Refugee Council',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["E92000001"],"exploitation_types":"all","age_groups":["adult","child"],"genders":"all","existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,7,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca2a0375f0b0fca24cd14e8a8c','nspcc','NSPCC',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["K02000001"],"exploitation_types":null,"age_groups":["child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,8,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca2a0677caa4e2568c75dd4641','new-pathways','New Pathways',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["W92000004"],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,9,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca2a0872c99efbadb4548580c1','salvation-army','The Salvation Army',NULL,'{"phone":"0800 808 3733","email":null,"url":null,"hours":"Answered at all hours according to its own site"}','{"areas":["K02000001"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,10,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca2a0b70cb92ece0610113ac80','tara','TARA',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["S92000003"],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,11,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca2a0e7164a7f1f410a094ed34','unseen','Unseen',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["E47000009"],"exploitation_types":"all","age_groups":["adult"],"genders":"all","existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,12,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
INSERT INTO "responder" VALUES('01a21cca2a117714be8dc5ceb6eb3f3d','youth-work-alliance','Youth Work Alliance',NULL,'{"phone":null,"email":null,"url":null,"hours":null}','{"areas":["N92000002"],"exploitation_types":"all","age_groups":["child","young_person"],"genders":"all","existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,13,'2026-11-27 11:35:40.770585','2026-11-27 11:35:40.770585',NULL);
CREATE TABLE sequence (
	id INTEGER NOT NULL, 
	n BIGINT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_sequence PRIMARY KEY (id), 
	CONSTRAINT ck_sequence_one_row CHECK (id = 1)
);
INSERT INTO "sequence" VALUES(1,15,'2026-11-27 11:35:49.768837');
CREATE TABLE token (
	id CHAR(32) NOT NULL, 
	hash BLOB NOT NULL, 
	responder_id CHAR(32), 
	partner_id CHAR(32), 
	scopes JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	revoked_at DATETIME, 
	last_used_at DATETIME, 
	CONSTRAINT pk_token PRIMARY KEY (id), 
	CONSTRAINT ck_token_one_owner CHECK (responder_id IS NULL OR partner_id IS NULL), 
	CONSTRAINT fk_token_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_token_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id), 
	CONSTRAINT uq_token_hash UNIQUE (hash)
);
INSERT INTO "token" VALUES('01a21cca324e72b19e1fd0f57735c549',X'7691A2E6996B485B31FAB7DAFEDC9C12129CBA26C28D5C31E26C39F6B2732BBA','01a21cca29ec71b7b040a8afd11a5677',NULL,'["intake:write","responder:write","webhooks:manage"]','2026-11-27 11:35:42.899605',NULL,NULL,'2026-11-27 11:35:49.732367');
INSERT INTO "token" VALUES('01a21cca3d107321a94b061d7b9f0dee',X'E9860E64049FCBADEB94F7872081DFABE9AFC6A2C1B1E1A4F592BFF3F1F09443',NULL,'01a21cca3d0c7551805e7a67b3805200','["webhooks:manage"]','2026-11-27 11:35:45.647062','2036-11-24 11:35:45.647062',NULL,'2026-11-27 11:35:49.713226');
CREATE TABLE webhook (
	id CHAR(32) NOT NULL, 
	responder_id CHAR(32), 
	partner_id CHAR(32), 
	url TEXT NOT NULL, 
	event_types JSON, 
	responders JSON, 
	areas JSON, 
	signature TEXT NOT NULL, 
	stale TEXT NOT NULL, 
	since BIGINT NOT NULL, 
	secrets JSON NOT NULL, 
	public_key TEXT, 
	status TEXT NOT NULL, 
	disabled_reason TEXT, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_webhook PRIMARY KEY (id), 
	CONSTRAINT fk_webhook_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_webhook_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "webhook" VALUES('01a21cca4cdd73699ff336eb32fac38e',NULL,'01a21cca3d0c7551805e7a67b3805200','http://127.0.0.1:39605/',NULL,NULL,NULL,'v1','drop',13,'[{"sealed":"gAAAAABrCWsVBV8s7678x-Maf7nbf4BPcUe18mmHdkvQrjaj6-VfEHwXsjVccicB9J-orYOoT2eDvalwZSYn9bnr3TgSAeV3sz-wP4vVWUSXclw0C-s5w9B4cFqVw35xjeBFY_wGZwNnGVcWS0WVO-8-xqllWA5BBw==","until":null}]',NULL,'active',NULL,'2026-11-27 11:35:49.724264');
CREATE INDEX ix_responder_sequence ON responder (sequence);
CREATE INDEX ix_event_responder_id ON event (responder_id);
CREATE INDEX ix_event_to_fan_out ON event (id) WHERE fanned_out_at IS NULL;
CREATE INDEX ix_intake_next_due ON intake (next_due);
CREATE INDEX ix_report_responder_id_at ON report (responder_id, at, sequence);
CREATE INDEX ix_token_partner_id ON token (partner_id);
CREATE INDEX ix_token_responder_id ON token (responder_id);
CREATE INDEX ix_webhook_partner_id ON webhook (partner_id);
CREATE INDEX ix_webhook_responder_id ON webhook (responder_id);
CREATE INDEX ix_delivery_due ON delivery (next_attempt_at) WHERE status = 'pending';
CREATE INDEX ix_delivery_event_id ON delivery (event_id);
CREATE INDEX ix_delivery_pending_by_webhook ON delivery (webhook_id, sequence) WHERE status = 'pending';
CREATE INDEX ix_attempt_delivery_id ON attempt (delivery_id);
COMMIT;
