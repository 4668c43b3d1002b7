BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0017');
CREATE TABLE attempt (
	webhook_id CHAR(32) NOT NULL, 
	event_id CHAR(32) NOT NULL, 
	id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	status INTEGER, 
	duration_ms INTEGER NOT NULL, 
	reason TEXT, 
	answer TEXT, 
	CONSTRAINT pk_attempt PRIMARY KEY (webhook_id, event_id, id), 
	CONSTRAINT fk_attempt_webhook_id_event_id FOREIGN KEY(webhook_id, event_id) REFERENCES delivery (webhook_id, event_id) ON DELETE CASCADE
);
INSERT INTO "attempt" VALUES('01a220e4c593740198d2254fc5f69044','01a220e4c6607659a41435d8f9e493e6','01a220e4c6ef731d9a78e4eaf9d36052','2026-11-28 06:43:13.723706',204,9,NULL,NULL);
INSERT INTO "attempt" VALUES('01a220e4c593740198d2254fc5f69044','01a220e4c66271e6a55e78dc33e81d12','01a220e4c774722b98fcdfaea9a0bb8d','2026-11-28 06:43:13.844598',204,6,NULL,NULL);
INSERT INTO "attempt" VALUES('01a220e4c593740198d2254fc5f69044','01a220e4c703741f95548f62ed7b9afd','01a220e4c87a72e0924033b76a9c45fa','2026-11-28 06:43:14.078797',204,4,NULL,NULL);
INSERT INTO "attempt" VALUES('01a220e4c593740198d2254fc5f69044','01a220e4c70477b3897f22fb9f2eb3f3','01a220e4c934734cb6a32cb9d6c28ab7','2026-11-28 06:43:14.286717',204,7,NULL,NULL);
CREATE TABLE "audit" (
	id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	action TEXT NOT NULL, 
	target TEXT NOT NULL, 
	actor JSON NOT NULL, 
	actor_key TEXT NOT NULL, 
	owner_key TEXT, 
	CONSTRAINT pk_audit PRIMARY KEY (id)
);
INSERT INTO "audit" VALUES('01a220e47b6e74edbebc49d8eb727498','2026-11-28 06:42:54.339574','responder.list','barnardos','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47ba172509f0be2c0d5cff4b9','2026-11-28 06:42:54.339574','responder.list','bawso','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47bbb72cebb2934a8a582a00f','2026-11-28 06:42:54.339574','responder.list','belfast-and-lisburn-womens-aid','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47bd17298857c428a911efb95','2026-11-28 06:42:54.339574','responder.list','kalayaan','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47be37555bcb633bd7c76aa41','2026-11-28 06:42:54.339574','responder.list','medaille-trust','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47c04727d9e44df76a3d0bd4d','2026-11-28 06:42:54.339574','responder.list','migrant-help','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47c21757eb7b88db6186829a6','2026-11-28 06:42:54.339574','responder.list','refugee-council','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47c4a754a8de7b2b0f603fb84','2026-11-28 06:42:54.339574','responder.list','nspcc','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47c55760c8650220acad29d7e','2026-11-28 06:42:54.339574','responder.list','new-pathways','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47c5d7072bcc4123f0a2c5d60','2026-11-28 06:42:54.339574','responder.list','salvation-army','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47c6470cab86ac956fce4c44f','2026-11-28 06:42:54.339574','responder.list','tara','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47c7e726c85358184a31f1e9f','2026-11-28 06:42:54.339574','responder.list','unseen','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e47c9273f586c6355b97cd9711','2026-11-28 06:42:54.339574','responder.list','youth-work-alliance','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e48b17750eac27f03584e302b3','2026-11-28 06:42:58.445440','token.issue','01a220e4-8b17-750e-ac27-f03464af1d49','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e4983d76dbafd291009db7f861','2026-11-28 06:43:01.804698','partner.add','01a220e4-983d-76db-afd2-90ff2698a36c','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e498467363a42829ce0920e7f5','2026-11-28 06:43:01.804698','token.issue','01a220e4-9845-77d1-8745-3aa8a30a218b','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e4a83271119365454d9ae052c6','2026-11-28 06:43:05.906527','token.issue','01a220e4-a832-7111-9365-454c094aae1a','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e4c5f6739698d1c0b1fd37a422','2026-11-28 06:43:13.427179','webhook.add','01a220e4-c593-7401-98d2-254fc5f69044','{"type":"token","id":"01a220e4-9845-77d1-8745-3aa8a30a218b","label":null,"owner":{"type":"partner","name":"Tool","slug":null,"id":"01a220e4-983d-76db-afd2-90ff2698a36c"},"user":null}','01a220e4-9845-77d1-8745-3aa8a30a218b','01a220e4-983d-76db-afd2-90ff2698a36c');
INSERT INTO "audit" VALUES('01a220e4c66271e6a55e78de34c10161','2026-11-28 06:43:13.602991','intake.report','barnardos','{"type":"token","id":"01a220e4-8b17-750e-ac27-f03464af1d49","label":null,"owner":{"type":"responder","name":"Barnardo''s","slug":"barnardos","id":"01a220e4-7b62-73d7-b569-d1bcd552b886"},"user":null}','01a220e4-8b17-750e-ac27-f03464af1d49','barnardos');
INSERT INTO "audit" VALUES('01a220e4c6c473d1bda39306d7fd8dd6','2026-11-28 06:43:13.727522','threshold.change','barnardos','{"type":"token","id":"01a220e4-8b17-750e-ac27-f03464af1d49","label":null,"owner":{"type":"responder","name":"Barnardo''s","slug":"barnardos","id":"01a220e4-7b62-73d7-b569-d1bcd552b886"},"user":null}','01a220e4-8b17-750e-ac27-f03464af1d49','barnardos');
INSERT INTO "audit" VALUES('01a220e4c6e173a3b33dc7a78a44a24c','2026-11-28 06:43:13.756998','caseload.count','barnardos','{"type":"token","id":"01a220e4-8b17-750e-ac27-f03464af1d49","label":null,"owner":{"type":"responder","name":"Barnardo''s","slug":"barnardos","id":"01a220e4-7b62-73d7-b569-d1bcd552b886"},"user":null}','01a220e4-8b17-750e-ac27-f03464af1d49','barnardos');
INSERT INTO "audit" VALUES('01a220e4c70477b3897f22fde3a1de3c','2026-11-28 06:43:13.787139','intake.report','barnardos','{"type":"token","id":"01a220e4-8b17-750e-ac27-f03464af1d49","label":null,"owner":{"type":"responder","name":"Barnardo''s","slug":"barnardos","id":"01a220e4-7b62-73d7-b569-d1bcd552b886"},"user":null}','01a220e4-8b17-750e-ac27-f03464af1d49','barnardos');
INSERT INTO "audit" VALUES('01a220e4c7ff760da4b083b16589bbba','2026-11-28 06:43:13.995192','person.add','01a220e4-c7fb-73f2-bedf-60d1a277cdc4','{"type":"token","id":"01a220e4-a832-7111-9365-454c094aae1a","label":null,"owner":{"type":"admin","name":null,"slug":null,"id":null},"user":null}','01a220e4-a832-7111-9365-454c094aae1a','admin');
INSERT INTO "audit" VALUES('01a220e4c841738bb60075accf82c622','2026-11-28 06:43:14.103527','handover.add','01a220e4-c840-778b-aefd-735dc828ec85','{"type":"token","id":"01a220e4-a832-7111-9365-454c094aae1a","label":null,"owner":{"type":"admin","name":null,"slug":null,"id":null},"user":null}','01a220e4-a832-7111-9365-454c094aae1a','admin');
INSERT INTO "audit" VALUES('01a220e4c8b87134a55a29dc8211d6f9','2026-11-28 06:43:14.183439','dispute.add','barnardos','{"type":"token","id":"01a220e4-9845-77d1-8745-3aa8a30a218b","label":null,"owner":{"type":"partner","name":"Tool","slug":null,"id":"01a220e4-983d-76db-afd2-90ff2698a36c"},"user":null}','01a220e4-9845-77d1-8745-3aa8a30a218b','01a220e4-983d-76db-afd2-90ff2698a36c');
INSERT INTO "audit" VALUES('01a220e4d56d7588a0ade27b3ea3b6be','2026-11-28 06:43:17.485815','database.rebuild','coverage','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
INSERT INTO "audit" VALUES('01a220e4d5c07417b022adb001b60f27','2026-11-28 06:43:17.568252','database.rebuild','statistics','{"type":"command_line","id":null,"label":null,"owner":null,"user":"root"}','command line',NULL);
CREATE TABLE coverage (
	id INTEGER NOT NULL, 
	counts JSON, 
	CONSTRAINT pk_coverage PRIMARY KEY (id), 
	CONSTRAINT ck_coverage_one_row CHECK (id = 1)
);
INSERT INTO "coverage" VALUES(1,'{"open":[],"waiting_list":[],"paused":["70381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e070381c0e000000000000001c0e070381c0e070381c0e07038"],"unconfirmed":["38fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7dcee4fdb9dcee40000e38008200e3f1c01c71c71f8fc70071f8fc7","38fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7e3f1c01c7e3f1f8fc70071f8fc7c3e1c0d87c3e1f8fc7e3f1f8fc7e3f1c01c70071f8fc70071f8fc7","e38000000000038e00000000000e38000000000038e00000000000e38000000000038e00000000000e38000000000038e00000000000e38000000201038240201000000000000000000038e00e38000000e38000000"],"ask":[]}');
CREATE TABLE delivery (
	webhook_id CHAR(32) NOT NULL, 
	event_id CHAR(32) NOT NULL, 
	sequence BIGINT, 
	status TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_attempt_at DATETIME, 
	created_at DATETIME NOT NULL, 
	finished_at DATETIME, failing_since DATETIME, 
	CONSTRAINT pk_delivery PRIMARY KEY (webhook_id, event_id), 
	CONSTRAINT fk_delivery_event_id FOREIGN KEY(event_id) REFERENCES event (id), 
	CONSTRAINT fk_delivery_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhook (id) ON DELETE CASCADE
);
INSERT INTO "delivery" VALUES('01a220e4c593740198d2254fc5f69044','01a220e4c6607659a41435d8f9e493e6',14,'delivered',1,NULL,'2026-11-28 06:43:13.602991','2026-11-28 06:43:13.732706',NULL);
INSERT INTO "delivery" VALUES('01a220e4c593740198d2254fc5f69044','01a220e4c66271e6a55e78dc33e81d12',15,'delivered',1,NULL,'2026-11-28 06:43:13.602991','2026-11-28 06:43:13.850598',NULL);
INSERT INTO "delivery" VALUES('01a220e4c593740198d2254fc5f69044','01a220e4c703741f95548f62ed7b9afd',16,'delivered',1,NULL,'2026-11-28 06:43:13.787139','2026-11-28 06:43:14.082797',NULL);
INSERT INTO "delivery" VALUES('01a220e4c593740198d2254fc5f69044','01a220e4c70477b3897f22fb9f2eb3f3',17,'delivered',1,NULL,'2026-11-28 06:43:13.787139','2026-11-28 06:43:14.293717',NULL);
CREATE TABLE dispute (
	id CHAR(32) NOT NULL, 
	responder_id CHAR(32) NOT NULL, 
	partner_id CHAR(32) NOT NULL, 
	found TEXT NOT NULL, 
	shown TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_dispute PRIMARY KEY (id), 
	CONSTRAINT fk_dispute_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id) ON DELETE CASCADE, 
	CONSTRAINT fk_dispute_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "dispute" VALUES('01a220e4c8a0762a9452db4eef64920c','01a220e47b6273d7b569d1bcd552b886','01a220e4983d76dbafd290ff2698a36c','no_answer','paused','2026-11-28 06:43:14.183439');
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
INSERT INTO "event" VALUES('01a220e47b6e74edbebc49d7f3b8dff1',1,'responder.listed','2026-11-28 06:42:54.339574','01a220e47b6273d7b569d1bcd552b886','{"id":"01a220e4-7b6e-74ed-bebc-49d7f3b8dff1","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":1,"test":false,"data":{"responder":{"id":"01a220e4-7b62-73d7-b569-d1bcd552b886","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":1,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47ba172509f0be2bfd95cc834',2,'responder.listed','2026-11-28 06:42:54.339574','01a220e47b947056a05f8adddae51eba','{"id":"01a220e4-7ba1-7250-9f0b-e2bfd95cc834","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":2,"test":false,"data":{"responder":{"id":"01a220e4-7b94-7056-a05f-8adddae51eba","slug":"bawso","name":"BAWSO","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":2,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47bba730aa0db1009d823845a',3,'responder.listed','2026-11-28 06:42:54.339574','01a220e47bb17178b9e9fa51a6946dd8','{"id":"01a220e4-7bba-730a-a0db-1009d823845a","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":3,"test":false,"data":{"responder":{"id":"01a220e4-7bb1-7178-b9e9-fa51a6946dd8","slug":"belfast-and-lisburn-womens-aid","name":"Belfast and Lisburn Women''s Aid","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":3,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47bd17298857c42897feba39d',4,'responder.listed','2026-11-28 06:42:54.339574','01a220e47bcd71bebab10c1654eb6bbf','{"id":"01a220e4-7bd1-7298-857c-42897feba39d","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":4,"test":false,"data":{"responder":{"id":"01a220e4-7bcd-71be-bab1-0c1654eb6bbf","slug":"kalayaan","name":"Kalayaan","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":4,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47be37555bcb633bc017a4608',5,'responder.listed','2026-11-28 06:42:54.339574','01a220e47bdf734b8acbd2a9fc27953a','{"id":"01a220e4-7be3-7555-bcb6-33bc017a4608","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":5,"test":false,"data":{"responder":{"id":"01a220e4-7bdf-734b-8acb-d2a9fc27953a","slug":"medaille-trust","name":"Medaille Trust","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":5,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47c04727d9e44df758a16ed30',6,'responder.listed','2026-11-28 06:42:54.339574','01a220e47bfd767896c3fcbe367285b2','{"id":"01a220e4-7c04-727d-9e44-df758a16ed30","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":6,"test":false,"data":{"responder":{"id":"01a220e4-7bfd-7678-96c3-fcbe367285b2","slug":"migrant-help","name":"Migrant Help","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":6,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47c21757eb7b88db5e375865b',7,'responder.listed','2026-11-28 06:42:54.339574','01a220e47c1c72e0a25dd6e6bc010283','{"id":"01a220e4-7c21-757e-b7b8-8db5e375865b","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":7,"test":false,"data":{"responder":{"id":"01a220e4-7c1c-72e0-a25d-d6e6bc010283","slug":"refugee-council","name":"Refugee Council","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":["all"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":7,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47c4971adb2ff6b4b447dd35c',8,'responder.listed','2026-11-28 06:42:54.339574','01a220e47c42777a9a43d3fb79c33a52','{"id":"01a220e4-7c49-71ad-b2ff-6b4b447dd35c","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":8,"test":false,"data":{"responder":{"id":"01a220e4-7c42-777a-9a43-d3fb79c33a52","slug":"nspcc","name":"NSPCC","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["unknown"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":8,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47c55760c86502209b1083bc8',9,'responder.listed','2026-11-28 06:42:54.339574','01a220e47c50727eb6db64087f5410e3','{"id":"01a220e4-7c55-760c-8650-2209b1083bc8","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":9,"test":false,"data":{"responder":{"id":"01a220e4-7c50-727e-b6db-64087f5410e3","slug":"new-pathways","name":"New Pathways","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":9,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47c5d7072bcc4123e25d8052d',10,'responder.listed','2026-11-28 06:42:54.339574','01a220e47c587783a502a3eca118a24a','{"id":"01a220e4-7c5d-7072-bcc4-123e25d8052d","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":10,"test":false,"data":{"responder":{"id":"01a220e4-7c58-7783-a502-a3eca118a24a","slug":"salvation-army","name":"The Salvation Army","website":null,"contact":{"phone":{"text":"0800 808 3733","dial":"+448008083733","extension":null},"email":null,"url":null,"hours":"Answered at all hours according to its own site","all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":10,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47c6470cab86ac95514b48caf',11,'responder.listed','2026-11-28 06:42:54.339574','01a220e47c637529ad54054f18544930','{"id":"01a220e4-7c64-70ca-b86a-c95514b48caf","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":11,"test":false,"data":{"responder":{"id":"01a220e4-7c63-7529-ad54-054f18544930","slug":"tara","name":"TARA","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"S92000003","name":"Scotland"}],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":11,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47c7e726c85358183ac38ff05',12,'responder.listed','2026-11-28 06:42:54.339574','01a220e47c7971dba2f37e6b82ee27a8','{"id":"01a220e4-7c7e-726c-8535-8183ac38ff05","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":12,"test":false,"data":{"responder":{"id":"01a220e4-7c79-71db-a2f3-7e6b82ee27a8","slug":"unseen","name":"Unseen","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E47000009","name":"West of England"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":12,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e47c917617a30738bf11bb1762',13,'responder.listed','2026-11-28 06:42:54.339574','01a220e47c9073648b7c3975ec1f6cb6','{"id":"01a220e4-7c91-7617-a307-38bf11bb1762","type":"responder.listed","timestamp":"2026-11-28T06:42:54.339574Z","sequence":13,"test":false,"data":{"responder":{"id":"01a220e4-7c90-7364-8b7c-3975ec1f6cb6","slug":"youth-work-alliance","name":"Youth Work Alliance","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child","young_person"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":13,"updated_at":"2026-11-28T06:42:54.339574Z"}}}',NULL);
INSERT INTO "event" VALUES('01a220e4c6607659a41435d8f9e493e6',14,'intake.opened','2026-11-28 06:43:13.602991','01a220e47b6273d7b569d1bcd552b886','{"id":"01a220e4-c660-7659-a414-35d8f9e493e6","type":"intake.opened","timestamp":"2026-11-28T06:43:13.602991Z","sequence":14,"test":false,"data":{"responder":{"id":"01a220e4-7b62-73d7-b569-d1bcd552b886","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"open","since":"2026-11-28T06:43:13.602991Z","said_by":"responder","confirmed_at":"2026-11-28T06:43:13.602991Z","confirm_by":"2026-12-05T06:43:13.602991Z","report":{"state":"open","expected_response":{"min":5,"max":10,"unit":"working_days"},"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null},"last_report":null,"planned":null,"capacity_status":"capacity"},"sequence":14,"updated_at":"2026-11-28T06:43:13.602991Z"},"previous_state":"unconfirmed"}}',NULL);
INSERT INTO "event" VALUES('01a220e4c66271e6a55e78dc33e81d12',15,'coverage.gap_closed','2026-11-28 06:43:13.602991',NULL,'{"id":"01a220e4-c662-71e6-a55e-78dc33e81d12","type":"coverage.gap_closed","timestamp":"2026-11-28T06:43:13.602991Z","sequence":15,"test":false,"data":{"cells":[{"areas":["E92000001","W92000004","N92000002","E12000001","E12000002","E12000003","E12000004","E12000005","E12000006","E12000007","E12000008","E12000009"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"ask":[],"text":"a charity is now confirmed open for children in England, Wales and Northern Ireland"}]}}',NULL);
INSERT INTO "event" VALUES('01a220e4c703741f95548f62ed7b9afd',16,'intake.paused','2026-11-28 06:43:13.787139','01a220e47b6273d7b569d1bcd552b886','{"id":"01a220e4-c703-741f-9554-8f62ed7b9afd","type":"intake.paused","timestamp":"2026-11-28T06:43:13.787139Z","sequence":16,"test":false,"data":{"responder":{"id":"01a220e4-7b62-73d7-b569-d1bcd552b886","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}},"intake":{"state":"paused","since":"2026-11-28T06:43:13.787139Z","said_by":"responder","confirmed_at":"2026-11-28T06:43:13.787139Z","confirm_by":"2026-12-05T06:43:13.787139Z","report":{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"},"last_report":null,"planned":null,"capacity_status":"no-capacity"},"sequence":16,"updated_at":"2026-11-28T06:43:13.787139Z"},"previous_state":"open"}}',NULL);
INSERT INTO "event" VALUES('01a220e4c70477b3897f22fb9f2eb3f3',17,'coverage.gap_opened','2026-11-28 06:43:13.787139',NULL,'{"id":"01a220e4-c704-77b3-897f-22fb9f2eb3f3","type":"coverage.gap_opened","timestamp":"2026-11-28T06:43:13.787139Z","sequence":17,"test":false,"data":{"cells":[{"areas":["E92000001","W92000004","N92000002","E12000001","E12000002","E12000003","E12000004","E12000005","E12000006","E12000007","E12000008","E12000009"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"ask":[],"text":"no charity is known to be open for children in Wales, Northern Ireland or any region of England as a whole"}]}}',NULL);
CREATE TABLE gap (
	place TEXT NOT NULL, 
	began BIGINT NOT NULL, 
	ended BIGINT, 
	seconds_before BIGINT NOT NULL, 
	CONSTRAINT pk_gap PRIMARY KEY (place, began)
);
INSERT INTO "gap" VALUES('E92000001',1795848174,NULL,0);
INSERT INTO "gap" VALUES('W92000004',1795848174,NULL,0);
INSERT INTO "gap" VALUES('S92000003',1795848174,NULL,0);
INSERT INTO "gap" VALUES('N92000002',1795848174,NULL,0);
INSERT INTO "gap" VALUES('E92000001/adult',1795848174,NULL,0);
INSERT INTO "gap" VALUES('E92000001/child',1795848174,NULL,0);
INSERT INTO "gap" VALUES('E92000001/young_person',1795848174,NULL,0);
INSERT INTO "gap" VALUES('W92000004/adult',1795848174,NULL,0);
INSERT INTO "gap" VALUES('W92000004/child',1795848174,NULL,0);
INSERT INTO "gap" VALUES('W92000004/young_person',1795848174,NULL,0);
INSERT INTO "gap" VALUES('S92000003/adult',1795848174,NULL,0);
INSERT INTO "gap" VALUES('S92000003/child',1795848174,NULL,0);
INSERT INTO "gap" VALUES('S92000003/young_person',1795848174,NULL,0);
INSERT INTO "gap" VALUES('N92000002/adult',1795848174,NULL,0);
INSERT INTO "gap" VALUES('N92000002/child',1795848174,NULL,0);
INSERT INTO "gap" VALUES('N92000002/young_person',1795848174,NULL,0);
CREATE TABLE heartbeat (
	id CHAR(32) NOT NULL, 
	task TEXT NOT NULL, 
	beat_at DATETIME NOT NULL, 
	CONSTRAINT pk_heartbeat PRIMARY KEY (id)
);
CREATE TABLE installation (
	id INTEGER NOT NULL, 
	marked BOOLEAN DEFAULT 0 NOT NULL, 
	restored_sequence BIGINT, 
	moved_at DATETIME, 
	clock_accepted_at DATETIME, 
	checked_at DATETIME, remains_sequence BIGINT, key_fingerprint TEXT, 
	CONSTRAINT pk_installation PRIMARY KEY (id), 
	CONSTRAINT ck_installation_one_row CHECK (id = 1)
);
INSERT INTO "installation" VALUES(1,1,NULL,NULL,NULL,'2026-11-28 06:43:12.319494',NULL,'fa6ad4228e06fe88');
CREATE TABLE "intake" (
	responder_id CHAR(32) NOT NULL, 
	report JSON, 
	since DATETIME, 
	confirmed_at DATETIME, 
	confirm_by DATETIME, 
	lapsed BOOLEAN NOT NULL, 
	planned JSON, 
	next_due DATETIME, 
	remind_at DATETIME, 
	"before" JSON, 
	said_by TEXT, restored BOOLEAN DEFAULT 0 NOT NULL, reminders INTEGER DEFAULT 0 NOT NULL, report_sequence BIGINT, 
	CONSTRAINT pk_intake PRIMARY KEY (responder_id), 
	CONSTRAINT fk_intake_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "intake" VALUES('01a220e47b6273d7b569d1bcd552b886','{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}','2026-11-28 06:43:13.787139','2026-11-28 06:43:13.787139','2026-12-05 06:43:13.787139',0,NULL,'2026-12-03 12:43:13.787139','2026-12-03 12:43:13.787139',NULL,'responder',0,0,16);
INSERT INTO "intake" VALUES('01a220e47b947056a05f8adddae51eba',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47bb17178b9e9fa51a6946dd8',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47bcd71bebab10c1654eb6bbf',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47bdf734b8acbd2a9fc27953a',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47bfd767896c3fcbe367285b2',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47c1c72e0a25dd6e6bc010283',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47c42777a9a43d3fb79c33a52',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47c50727eb6db64087f5410e3',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47c587783a502a3eca118a24a',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47c637529ad54054f18544930',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47c7971dba2f37e6b82ee27a8',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "intake" VALUES('01a220e47c9073648b7c3975ec1f6cb6',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,0,0,NULL);
CREATE TABLE link (
	id CHAR(32) NOT NULL, 
	hash BLOB NOT NULL, 
	kind TEXT NOT NULL, 
	responder_id CHAR(32), 
	partner_id CHAR(32), 
	person_id CHAR(32), 
	sealed_email TEXT, 
	email_hash BLOB, 
	roles JSON, 
	scopes JSON, 
	label TEXT, 
	actor_id CHAR(32), 
	report_sequence BIGINT, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	CONSTRAINT pk_link PRIMARY KEY (id), 
	CONSTRAINT fk_link_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_link_person_id FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE CASCADE, 
	CONSTRAINT fk_link_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id), 
	CONSTRAINT uq_link_hash UNIQUE (hash)
);
INSERT INTO "link" VALUES('01a220e4c840778baefd735dc828ec85',X'0CC8C668672ABB63A9826315D731D9EE8D0F283ADE6B36D63DE63A254E495003','handover','01a220e47b6273d7b569d1bcd552b886',NULL,NULL,NULL,NULL,NULL,'["intake:write"]','Referral team','01a220e4a83271119365454c094aae1a',NULL,'2026-11-28 06:43:14.103527','2026-11-29 06:43:14.103527',NULL);
CREATE TABLE mail (
	id CHAR(32) NOT NULL, 
	kind TEXT NOT NULL, 
	person_id CHAR(32), 
	link_id CHAR(32), 
	sealed_link TEXT, 
	responder_id CHAR(32), 
	report_sequence BIGINT, 
	subject_id CHAR(32), 
	status TEXT NOT NULL, 
	attempts INTEGER DEFAULT 0 NOT NULL, 
	failing_since DATETIME, 
	next_attempt_at DATETIME, 
	claim_id CHAR(32), 
	claimed_until DATETIME, 
	reason TEXT, 
	created_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	CONSTRAINT pk_mail PRIMARY KEY (id), 
	CONSTRAINT fk_mail_link_id FOREIGN KEY(link_id) REFERENCES link (id) ON DELETE CASCADE, 
	CONSTRAINT fk_mail_person_id FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE CASCADE, 
	CONSTRAINT fk_mail_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "mail" VALUES('01a220e4c8b275b98296c9deae98dc64','disputed','01a220e4c7fb73f2bedf60d1a277cdc4',NULL,NULL,'01a220e47b6273d7b569d1bcd552b886',16,'01a220e4c8a0762a9452db4eef64920c','waiting',0,NULL,'2026-11-28 06:43:14.183439',NULL,NULL,NULL,'2026-11-28 06:43:14.183439',NULL);
CREATE TABLE partner (
	id CHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	created_at DATETIME NOT NULL, suspended_at DATETIME, 
	CONSTRAINT pk_partner PRIMARY KEY (id), 
	CONSTRAINT uq_partner_name UNIQUE (name)
);
INSERT INTO "partner" VALUES('01a220e4983d76dbafd290ff2698a36c','Tool','2026-11-28 06:43:01.804698',NULL);
CREATE TABLE period (
	responder_id CHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	began BIGINT NOT NULL, 
	ended BIGINT, 
	nations JSON NOT NULL, 
	open BIGINT NOT NULL, 
	waiting_list BIGINT NOT NULL, 
	paused BIGINT NOT NULL, 
	unconfirmed BIGINT NOT NULL, 
	pauses INTEGER NOT NULL, age_groups JSON NOT NULL, 
	CONSTRAINT pk_period PRIMARY KEY (responder_id, number), 
	CONSTRAINT fk_period_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "period" VALUES('01a220e47b6273d7b569d1bcd552b886',0,'unconfirmed',1795848174,1795848193,'["E92000001","W92000004","N92000002"]',0,0,0,0,0,'["child"]');
INSERT INTO "period" VALUES('01a220e47b6273d7b569d1bcd552b886',1,'open',1795848193,1795848193,'["E92000001","W92000004","N92000002"]',0,0,0,19,0,'["child"]');
INSERT INTO "period" VALUES('01a220e47b6273d7b569d1bcd552b886',2,'paused',1795848193,NULL,'["E92000001","W92000004","N92000002"]',0,0,0,19,0,'["child"]');
INSERT INTO "period" VALUES('01a220e47c7971dba2f37e6b82ee27a8',0,'unconfirmed',1795848174,NULL,'[]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a220e47c42777a9a43d3fb79c33a52',0,'unconfirmed',1795848174,NULL,'[]',0,0,0,0,0,'[]');
INSERT INTO "period" VALUES('01a220e47c1c72e0a25dd6e6bc010283',0,'unconfirmed',1795848174,NULL,'[]',0,0,0,0,0,'[]');
INSERT INTO "period" VALUES('01a220e47c587783a502a3eca118a24a',0,'unconfirmed',1795848174,NULL,'["E92000001","W92000004","S92000003","N92000002"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a220e47b947056a05f8adddae51eba',0,'unconfirmed',1795848174,NULL,'["W92000004"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a220e47bcd71bebab10c1654eb6bbf',0,'unconfirmed',1795848174,NULL,'["E92000001","W92000004","S92000003","N92000002"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a220e47bdf734b8acbd2a9fc27953a',0,'unconfirmed',1795848174,NULL,'["E92000001"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a220e47bfd767896c3fcbe367285b2',0,'unconfirmed',1795848174,NULL,'["E92000001","W92000004","S92000003","N92000002"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a220e47c50727eb6db64087f5410e3',0,'unconfirmed',1795848174,NULL,'["W92000004"]',0,0,0,0,0,'["adult","child","young_person"]');
INSERT INTO "period" VALUES('01a220e47c9073648b7c3975ec1f6cb6',0,'unconfirmed',1795848174,NULL,'["N92000002"]',0,0,0,0,0,'["child","young_person"]');
INSERT INTO "period" VALUES('01a220e47c637529ad54054f18544930',0,'unconfirmed',1795848174,NULL,'["S92000003"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a220e47bb17178b9e9fa51a6946dd8',0,'unconfirmed',1795848174,NULL,'["N92000002"]',0,0,0,0,0,'["adult","young_person"]');
CREATE TABLE person (
	id CHAR(32) NOT NULL, 
	responder_id CHAR(32), 
	partner_id CHAR(32), 
	sealed_email TEXT NOT NULL, 
	email_hash BLOB NOT NULL, 
	roles JSON NOT NULL, 
	refused_at DATETIME, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_person PRIMARY KEY (id), 
	CONSTRAINT fk_person_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_person_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "person" VALUES('01a220e4c7fb73f2bedf60d1a277cdc4','01a220e47b6273d7b569d1bcd552b886',NULL,'gAAAAABrCngCsZ86h4RqVJe2v7wsjYyLQe8gIzoE6FZDOjbwEG997JYOBjiBzCR4P1DdNQ3ulg32sv2KxYd7dysIjKDZjmCgHgaqJAZswxt7XKujLnSxHLI=',X'53AA68F35F69751E4A5919DBB59A4631C6EFB8C5154B0458C19301F46A8962D0','["editor","reminded"]',NULL,'2026-11-28 06:43:13.995192');
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
	token_id CHAR(32), said_by TEXT, 
	CONSTRAINT pk_report PRIMARY KEY (id), 
	CONSTRAINT fk_report_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "report" VALUES('01a220e4c66271e6a55e78dda57628ab','01a220e47b6273d7b569d1bcd552b886','reported','2026-11-28 06:43:13.602991','open','{"state":"open","expected_response":{"min":5,"max":10,"unit":"working_days"},"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null}',NULL,'2026-12-05 06:43:13.602991',14,'01a220e48b17750eac27f03464af1d49','responder');
INSERT INTO "report" VALUES('01a220e4c70477b3897f22fc48729921','01a220e47b6273d7b569d1bcd552b886','reported','2026-11-28 06:43:13.787139','paused','{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}',NULL,'2026-12-05 06:43:13.787139',16,'01a220e48b17750eac27f03464af1d49','responder');
CREATE TABLE "responder" (
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
	state_sequence BIGINT DEFAULT 0 NOT NULL, suspended_at DATETIME, 
	CONSTRAINT pk_responder PRIMARY KEY (id), 
	CONSTRAINT uq_responder_slug UNIQUE (slug)
);
INSERT INTO "responder" VALUES('01a220e47b6273d7b569d1bcd552b886','barnardos','Barnardo''s',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["E92000001","W92000004","N92000002"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,16,'2026-11-28 06:43:13.787139','2026-11-28 06:42:54.339574',NULL,16,NULL);
INSERT INTO "responder" VALUES('01a220e47b947056a05f8adddae51eba','bawso','BAWSO',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["W92000004"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,2,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,2,NULL);
INSERT INTO "responder" VALUES('01a220e47bb17178b9e9fa51a6946dd8','belfast-and-lisburn-womens-aid','Belfast and Lisburn Women''s Aid',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["N92000002"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,3,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,3,NULL);
INSERT INTO "responder" VALUES('01a220e47bcd71bebab10c1654eb6bbf','kalayaan','Kalayaan',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["K02000001"],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,4,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,4,NULL);
INSERT INTO "responder" VALUES('01a220e47bdf734b8acbd2a9fc27953a','medaille-trust','Medaille Trust',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["E92000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,5,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,5,NULL);
INSERT INTO "responder" VALUES('01a220e47bfd767896c3fcbe367285b2','migrant-help','Migrant Help',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["K02000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,6,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,6,NULL);
INSERT INTO "responder" VALUES('01a220e47c1c72e0a25dd6e6bc010283','refugee-council','Refugee Council',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["E92000001"],"exploitation_types":["all"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,7,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,7,NULL);
INSERT INTO "responder" VALUES('01a220e47c42777a9a43d3fb79c33a52','nspcc','NSPCC',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["K02000001"],"exploitation_types":["unknown"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,8,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,8,NULL);
INSERT INTO "responder" VALUES('01a220e47c50727eb6db64087f5410e3','new-pathways','New Pathways',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["W92000004"],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,9,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,9,NULL);
INSERT INTO "responder" VALUES('01a220e47c587783a502a3eca118a24a','salvation-army','The Salvation Army',NULL,'{"phone":{"text":"0800 808 3733","dial":"+448008083733","extension":null},"email":null,"url":null,"hours":"Answered at all hours according to its own site","all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["K02000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,10,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,10,NULL);
INSERT INTO "responder" VALUES('01a220e47c637529ad54054f18544930','tara','TARA',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["S92000003"],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,11,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,11,NULL);
INSERT INTO "responder" VALUES('01a220e47c7971dba2f37e6b82ee27a8','unseen','Unseen',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["E47000009"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,12,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,12,NULL);
INSERT INTO "responder" VALUES('01a220e47c9073648b7c3975ec1f6cb6','youth-work-alliance','Youth Work Alliance',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["N92000002"],"exploitation_types":["all"],"age_groups":["child","young_person"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024","url":null}}',168,13,'2026-11-28 06:42:54.339574','2026-11-28 06:42:54.339574',NULL,13,NULL);
CREATE TABLE rollup (
	id INTEGER NOT NULL, 
	sequence BIGINT NOT NULL, 
	open_in JSON NOT NULL, 
	CONSTRAINT pk_rollup PRIMARY KEY (id), 
	CONSTRAINT ck_rollup_one_row CHECK (id = 1)
);
INSERT INTO "rollup" VALUES(1,17,'{"E92000001":0,"W92000004":0,"S92000003":0,"N92000002":0,"E92000001/adult":0,"E92000001/child":0,"E92000001/young_person":0,"W92000004/adult":0,"W92000004/child":0,"W92000004/young_person":0,"S92000003/adult":0,"S92000003/child":0,"S92000003/young_person":0,"N92000002/adult":0,"N92000002/child":0,"N92000002/young_person":0}');
CREATE TABLE sequence (
	id INTEGER NOT NULL, 
	n BIGINT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_sequence PRIMARY KEY (id), 
	CONSTRAINT ck_sequence_one_row CHECK (id = 1)
);
INSERT INTO "sequence" VALUES(1,17,'2026-11-28 06:43:13.787139');
CREATE TABLE threshold (
	responder_id CHAR(32) NOT NULL, 
	threshold JSON, 
	open_referrals INTEGER, 
	counted_at DATETIME, set_at DATETIME, 
	CONSTRAINT pk_threshold PRIMARY KEY (responder_id), 
	CONSTRAINT fk_threshold_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "threshold" VALUES('01a220e47b6273d7b569d1bcd552b886','{"pause_at":100,"reopen_below":80,"report":{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}}',40,'2026-11-28 06:43:13.756998','2026-11-28 06:43:13.727522');
CREATE TABLE token (
	id CHAR(32) NOT NULL, 
	hash BLOB NOT NULL, 
	responder_id CHAR(32), 
	partner_id CHAR(32), 
	scopes JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	lifetime_seconds BIGINT, 
	revoked_at DATETIME, 
	last_used_at DATETIME, reviewed BOOLEAN DEFAULT 1 NOT NULL, label TEXT, successor_id CHAR(32), person_id CHAR(32), warned_at DATETIME, 
	CONSTRAINT pk_token PRIMARY KEY (id), 
	CONSTRAINT ck_token_one_owner CHECK (responder_id IS NULL OR partner_id IS NULL), 
	CONSTRAINT fk_token_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_token_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id), 
	CONSTRAINT uq_token_hash UNIQUE (hash)
);
INSERT INTO "token" VALUES('01a220e48b17750eac27f03464af1d49',X'6C2EB2C1F22C82F150F50111F86C4913426AD7306EB181E323CFC2BF77967C1F','01a220e47b6273d7b569d1bcd552b886',NULL,'["intake:write","responder:write","webhooks:manage"]','2026-11-28 06:42:58.445440','2027-11-28 06:42:58.445440',31536000,NULL,'2026-11-28 06:43:13.547150',1,NULL,NULL,NULL,NULL);
INSERT INTO "token" VALUES('01a220e4984577d187453aa8a30a218b',X'56B71840953AF5FB09D1043447B7445B17CA8C1B4D61783D9C49865FE152DCC6',NULL,'01a220e4983d76dbafd290ff2698a36c','["webhooks:manage"]','2026-11-28 06:43:01.804698','2036-11-25 06:43:01.804698',315360000,NULL,'2026-11-28 06:43:13.013753',1,NULL,NULL,NULL,NULL);
INSERT INTO "token" VALUES('01a220e4a83271119365454c094aae1a',X'B39887E88ABB6EA346F43FA9270357998A5706F56942F3DF61FBDD170484C48A',NULL,NULL,'["admin"]','2026-11-28 06:43:05.906527','2027-11-28 06:43:05.906527',31536000,NULL,'2026-11-28 06:43:13.898062',1,NULL,NULL,NULL,NULL);
CREATE TABLE "webhook" (
	id CHAR(32) NOT NULL, 
	responder_id CHAR(32), 
	partner_id CHAR(32), 
	url TEXT NOT NULL, 
	event_types JSON NOT NULL, 
	responders JSON NOT NULL, 
	areas JSON NOT NULL, 
	signature TEXT NOT NULL, 
	stale TEXT NOT NULL, 
	cursor BIGINT NOT NULL, 
	secrets JSON NOT NULL, 
	public_key TEXT, 
	status TEXT NOT NULL, 
	disabled_reason TEXT, 
	created_at DATETIME NOT NULL, 
	claim_id CHAR(32), 
	claimed_until DATETIME, 
	failures INTEGER DEFAULT 0 NOT NULL, 
	failing_since DATETIME, 
	next_attempt_at DATETIME, 
	cooldown_ms INTEGER DEFAULT 0 NOT NULL, 
	out_of_order_at DATETIME, 
	description TEXT, 
	failed_attempts INTEGER DEFAULT 0 NOT NULL, suspended BOOLEAN DEFAULT 0 NOT NULL, failing_told_at DATETIME, 
	CONSTRAINT pk_webhook PRIMARY KEY (id), 
	CONSTRAINT fk_webhook_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id), 
	CONSTRAINT fk_webhook_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);
INSERT INTO "webhook" VALUES('01a220e4c593740198d2254fc5f69044',NULL,'01a220e4983d76dbafd290ff2698a36c','http://127.0.0.1:40575/','["all"]','["all"]','["all"]','v1','drop',17,'[{"sealed":"gAAAAABrCngBLGmaxbnp6kfoMJNHD3HMwRvjKEaIer4IlOAQ2bCfS-KV_pubm2TK5w-NWcr9SUkJXBns3cJxvYpM7fUIhc4zngvrtpE3xa7KuXbTt271BAjjcKrow5c4wK-CWZwCHQHJfLhYEyJW0IAe5P8a0EwjPQ==","until":null}]',NULL,'active',NULL,'2026-11-28 06:43:13.427179',NULL,NULL,0,NULL,NULL,0,NULL,NULL,0,0,NULL);
CREATE INDEX ix_report_responder_id_at ON report (responder_id, at, sequence);
CREATE INDEX ix_token_partner_id ON token (partner_id);
CREATE INDEX ix_token_responder_id ON token (responder_id);
CREATE INDEX ix_period_responder_id_began ON period (responder_id, began, number);
CREATE INDEX ix_period_pause ON period (responder_id, began, ended, state) WHERE state = 'paused' AND ended IS NOT NULL;
CREATE INDEX ix_event_at_sequence ON event (at, sequence);
CREATE INDEX ix_event_responder_id_sequence ON event (responder_id, sequence);
CREATE INDEX ix_responder_sequence ON responder (sequence);
CREATE INDEX ix_delivery_finished ON delivery (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX ix_event_to_fan_out ON event (id) WHERE sequence IS NULL AND fanned_out_at IS NULL;
CREATE INDEX ix_event_listing ON event (responder_id, at) WHERE type IN ('responder.listed', 'responder.delisted');
CREATE INDEX ix_intake_next_due ON intake (next_due);
CREATE INDEX ix_webhook_responder_id ON webhook (responder_id);
CREATE INDEX ix_webhook_partner_id ON webhook (partner_id);
CREATE INDEX ix_delivery_out_of_order ON delivery (webhook_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX ix_event_restore ON event (sequence) WHERE type = 'directory.restored';
CREATE INDEX ix_webhook_ready ON webhook (cursor) WHERE status = 'active' AND NOT suspended AND next_attempt_at IS NULL;
CREATE INDEX ix_webhook_backing_off ON webhook (next_attempt_at) WHERE status = 'active' AND NOT suspended AND next_attempt_at IS NOT NULL;
CREATE INDEX ix_webhook_out_of_order ON webhook (out_of_order_at) WHERE status = 'active' AND NOT suspended AND out_of_order_at IS NOT NULL;
CREATE INDEX ix_event_redaction ON event (sequence) WHERE type = 'event.redacted';
CREATE INDEX ix_dispute_partner_id ON dispute (partner_id);
CREATE INDEX ix_dispute_responder_id_partner_id_at ON dispute (responder_id, partner_id, at);
CREATE INDEX ix_person_email_hash ON person (email_hash);
CREATE INDEX ix_person_partner_id ON person (partner_id);
CREATE INDEX ix_person_responder_id ON person (responder_id);
CREATE INDEX ix_link_expires_at ON link (expires_at);
CREATE INDEX ix_link_partner_id ON link (partner_id);
CREATE INDEX ix_link_person_id ON link (person_id);
CREATE INDEX ix_link_responder_id ON link (responder_id);
CREATE INDEX ix_mail_due ON mail (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX ix_mail_finished ON mail (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX ix_mail_link_id ON mail (link_id);
CREATE INDEX ix_mail_person_id ON mail (person_id);
CREATE INDEX ix_mail_responder_id ON mail (responder_id);
CREATE INDEX ix_token_person_id ON token (person_id);
CREATE INDEX ix_webhook_untold ON webhook (failing_since) WHERE status = 'active' AND NOT suspended AND failing_since IS NOT NULL AND failing_told_at IS NULL;
CREATE INDEX ix_link_address ON link (expires_at) WHERE sealed_email IS NOT NULL;
COMMIT;
