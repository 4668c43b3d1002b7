BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0009');
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
INSERT INTO "attempt" VALUES('01a21ccb070f770c903b9813f4c78431','01a21ccb077677d890ad5382fb3ea8e4','01a21ccb07cf7693b8fd93814e20e3c8','2026-11-27 11:36:37.542348',204,4,NULL,'');
INSERT INTO "attempt" VALUES('01a21ccb070f770c903b9813f4c78431','01a21ccb077772fea743c28a039612bf','01a21ccb08017695a6f49186e43a14bc','2026-11-27 11:36:37.618123',204,2,NULL,'');
INSERT INTO "attempt" VALUES('01a21ccb070f770c903b9813f4c78431','01a21ccb07f771ff8b5a759f524cd790','01a21ccb081c701389e29ea4cb674b41','2026-11-27 11:36:37.655775',204,1,NULL,'');
INSERT INTO "attempt" VALUES('01a21ccb070f770c903b9813f4c78431','01a21ccb07f871739be1d3fe98e48a73','01a21ccb082b71bc8fadb67d0fad6dd1','2026-11-27 11:36:37.667162',204,2,NULL,'');
CREATE TABLE audit (
	id CHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	token_id CHAR(32), 
	action TEXT NOT NULL, 
	target TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (id)
);
INSERT INTO "audit" VALUES('01a21ccacf88711abeba95b2e1f5fbe1','2026-11-27 11:36:23.120816',NULL,'responder.list','barnardos');
INSERT INTO "audit" VALUES('01a21ccacf97738a90d1b27627d33bdd','2026-11-27 11:36:23.120816',NULL,'responder.list','bawso');
INSERT INTO "audit" VALUES('01a21ccacfa17202b74edb5fb784a2de','2026-11-27 11:36:23.120816',NULL,'responder.list','belfast-and-lisburn-womens-aid');
INSERT INTO "audit" VALUES('01a21ccacfa872149800d077e8bd7fbc','2026-11-27 11:36:23.120816',NULL,'responder.list','kalayaan');
INSERT INTO "audit" VALUES('01a21ccacfb1715bb5f1cfcf503af7a4','2026-11-27 11:36:23.120816',NULL,'responder.list','medaille-trust');
INSERT INTO "audit" VALUES('01a21ccacfbc744a850a86f8b2b159e3','2026-11-27 11:36:23.120816',NULL,'responder.list','migrant-help');
INSERT INTO "audit" VALUES('01a21ccacfc474ba975389bd68feab7f','2026-11-27 11:36:23.120816',NULL,'responder.list','refugee-council');
INSERT INTO "audit" VALUES('01a21ccacfcd71deba131d6f0293c443','2026-11-27 11:36:23.120816',NULL,'responder.list','nspcc');
INSERT INTO "audit" VALUES('01a21ccacfd575459cc009a6fdf55ff7','2026-11-27 11:36:23.120816',NULL,'responder.list','new-pathways');
INSERT INTO "audit" VALUES('01a21ccacfe27341a263420b1244f2a8','2026-11-27 11:36:23.120816',NULL,'responder.list','salvation-army');
INSERT INTO "audit" VALUES('01a21ccacfee702ca3610901074b039a','2026-11-27 11:36:23.120816',NULL,'responder.list','tara');
INSERT INTO "audit" VALUES('01a21ccacffb73d8aa75b766f6c28094','2026-11-27 11:36:23.120816',NULL,'responder.list','unseen');
INSERT INTO "audit" VALUES('01a21ccad002749d967b061ba990f871','2026-11-27 11:36:23.120816',NULL,'responder.list','youth-work-alliance');
INSERT INTO "audit" VALUES('01a21ccaddbf731cbd475e015c458d18','2026-11-27 11:36:26.787088',NULL,'token.issue','01a21cca-ddbf-731c-bd47-5e001fa66e27');
INSERT INTO "audit" VALUES('01a21ccaeb7f7088bd9901d213e2eb74','2026-11-27 11:36:30.305182',NULL,'partner.add','01a21cca-eb7f-7088-bd99-01d1391b7cd9');
INSERT INTO "audit" VALUES('01a21ccaeb86759f80f323655603bc1d','2026-11-27 11:36:30.305182',NULL,'token.issue','01a21cca-eb86-759f-80f3-2364f4fc0b6e');
INSERT INTO "audit" VALUES('01a21ccb07b872138e9373fcee32d8eb','2026-11-27 11:36:37.533724','01a21ccaddbf731cbd475e001fa66e27','threshold.change','barnardos');
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
INSERT INTO "delivery" VALUES('01a21ccb070f770c903b9813f4c78431','01a21ccb077677d890ad5382fb3ea8e4',14,'delivered',1,NULL,'2026-11-27 11:36:37.460963','2026-11-27 11:36:37.546348',NULL);
INSERT INTO "delivery" VALUES('01a21ccb070f770c903b9813f4c78431','01a21ccb077772fea743c28a039612bf',15,'delivered',1,NULL,'2026-11-27 11:36:37.460963','2026-11-27 11:36:37.620123',NULL);
INSERT INTO "delivery" VALUES('01a21ccb070f770c903b9813f4c78431','01a21ccb07f771ff8b5a759f524cd790',16,'delivered',1,NULL,'2026-11-27 11:36:37.612655','2026-11-27 11:36:37.656775',NULL);
INSERT INTO "delivery" VALUES('01a21ccb070f770c903b9813f4c78431','01a21ccb07f871739be1d3fe98e48a73',17,'delivered',1,NULL,'2026-11-27 11:36:37.612655','2026-11-27 11:36:37.669162',NULL);
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
INSERT INTO "event" VALUES('01a21ccacf88711abeba95b1ed339ba5',1,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacf81730f9cea30170a8971df','{"id":"01a21cca-cf88-711a-beba-95b1ed339ba5","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":1,"test":false,"data":{"responder":{"id":"01a21cca-cf81-730f-9cea-30170a8971df","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":1,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacf97738a90d1b275412c2a07',2,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacf9675b5a2537f041fc50763','{"id":"01a21cca-cf97-738a-90d1-b275412c2a07","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":2,"test":false,"data":{"responder":{"id":"01a21cca-cf96-75b5-a253-7f041fc50763","slug":"bawso","name":"BAWSO","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":2,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacfa17202b74edb5ee73d157b',3,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacf9f71e38f4e5dd806e38aea','{"id":"01a21cca-cfa1-7202-b74e-db5ee73d157b","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":3,"test":false,"data":{"responder":{"id":"01a21cca-cf9f-71e3-8f4e-5dd806e38aea","slug":"belfast-and-lisburn-womens-aid","name":"Belfast and Lisburn Women''s Aid","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":3,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacfa872149800d076a84e5212',4,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacfa77411873fa2250400cec3','{"id":"01a21cca-cfa8-7214-9800-d076a84e5212","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":4,"test":false,"data":{"responder":{"id":"01a21cca-cfa7-7411-873f-a2250400cec3","slug":"kalayaan","name":"Kalayaan","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":4,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacfb1715bb5f1cfce966c25d6',5,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacfb077c58b2281e2a3ca85c9','{"id":"01a21cca-cfb1-715b-b5f1-cfce966c25d6","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":5,"test":false,"data":{"responder":{"id":"01a21cca-cfb0-77c5-8b22-81e2a3ca85c9","slug":"medaille-trust","name":"Medaille Trust","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":5,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacfbb727ca1af889f524ab0e0',6,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacfba71d8b5a6a08e7f6de156','{"id":"01a21cca-cfbb-727c-a1af-889f524ab0e0","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":6,"test":false,"data":{"responder":{"id":"01a21cca-cfba-71d8-b5a6-a08e7f6de156","slug":"migrant-help","name":"Migrant Help","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":6,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacfc474ba975389bcc5fcb680',7,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacfc2738f9dfb9ae379205c59','{"id":"01a21cca-cfc4-74ba-9753-89bcc5fcb680","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":7,"test":false,"data":{"responder":{"id":"01a21cca-cfc2-738f-9dfb-9ae379205c59","slug":"refugee-council","name":"Refugee Council","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"}],"exploitation_types":["all"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":7,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacfcd71deba131d6eb1742a65',8,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacfcc7004892a78c229e72f95','{"id":"01a21cca-cfcd-71de-ba13-1d6eb1742a65","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":8,"test":false,"data":{"responder":{"id":"01a21cca-cfcc-7004-892a-78c229e72f95","slug":"nspcc","name":"NSPCC","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["unknown"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":8,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacfd47023a2c4c96e35bc10f4',9,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacfd47023a2c4c96d3bc1cc8b','{"id":"01a21cca-cfd4-7023-a2c4-c96e35bc10f4","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":9,"test":false,"data":{"responder":{"id":"01a21cca-cfd4-7023-a2c4-c96d3bc1cc8b","slug":"new-pathways","name":"New Pathways","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"W92000004","name":"Wales"}],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":9,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacfe27341a263420aa79141f0',10,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacfdd761dad09bf66bf67e074','{"id":"01a21cca-cfe2-7341-a263-420aa79141f0","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":10,"test":false,"data":{"responder":{"id":"01a21cca-cfdd-761d-ad09-bf66bf67e074","slug":"salvation-army","name":"The Salvation Army","website":null,"contact":{"phone":{"text":"0800 808 3733","dial":"+448008083733","extension":null},"email":null,"url":null,"hours":"Answered at all hours according to its own site","all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"K02000001","name":"United Kingdom"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":10,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacfee702ca36109001b9d6986',11,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacfeb7004a7f9e58512795437','{"id":"01a21cca-cfee-702c-a361-09001b9d6986","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":11,"test":false,"data":{"responder":{"id":"01a21cca-cfeb-7004-a7f9-e58512795437","slug":"tara","name":"TARA","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"S92000003","name":"Scotland"}],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":11,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccacffa710e90be9a5cd9e2f524',12,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacff4714594c19faa8cd370dd','{"id":"01a21cca-cffa-710e-90be-9a5cd9e2f524","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":12,"test":false,"data":{"responder":{"id":"01a21cca-cff4-7145-94c1-9faa8cd370dd","slug":"unseen","name":"Unseen","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E47000009","name":"West of England"}],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":12,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccad002749d967b061a4ddb4aff',13,'responder.listed','2026-11-27 11:36:23.120816','01a21ccacffd7579ab01ba81fc551c75','{"id":"01a21cca-d002-749d-967b-061a4ddb4aff","type":"responder.listed","timestamp":"2026-11-27T11:36:23.120816Z","sequence":13,"test":false,"data":{"responder":{"id":"01a21cca-cffd-7579-ab01-ba81fc551c75","slug":"youth-work-alliance","name":"Youth Work Alliance","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child","young_person"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"unconfirmed","since":null,"said_by":null,"confirmed_at":null,"confirm_by":null,"report":null,"last_report":null,"planned":null,"capacity_status":null},"sequence":13,"updated_at":"2026-11-27T11:36:23.120816Z"}}}',NULL);
INSERT INTO "event" VALUES('01a21ccb077677d890ad5382fb3ea8e4',14,'intake.opened','2026-11-27 11:36:37.460963','01a21ccacf81730f9cea30170a8971df','{"id":"01a21ccb-0776-77d8-90ad-5382fb3ea8e4","type":"intake.opened","timestamp":"2026-11-27T11:36:37.460963Z","sequence":14,"test":false,"data":{"responder":{"id":"01a21cca-cf81-730f-9cea-30170a8971df","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"open","since":"2026-11-27T11:36:37.460963Z","said_by":"responder","confirmed_at":"2026-11-27T11:36:37.460963Z","confirm_by":"2026-12-04T11:36:37.460963Z","report":{"state":"open","expected_response":{"min":5,"max":10,"unit":"working_days"},"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null},"last_report":null,"planned":null,"capacity_status":"capacity"},"sequence":14,"updated_at":"2026-11-27T11:36:37.460963Z"},"previous_state":"unconfirmed"}}',NULL);
INSERT INTO "event" VALUES('01a21ccb077772fea743c28a039612bf',15,'coverage.gap_closed','2026-11-27 11:36:37.460963',NULL,'{"id":"01a21ccb-0777-72fe-a743-c28a039612bf","type":"coverage.gap_closed","timestamp":"2026-11-27T11:36:37.460963Z","sequence":15,"test":false,"data":{"cells":[{"areas":["E92000001","W92000004","N92000002","E12000001","E12000002","E12000003","E12000004","E12000005","E12000006","E12000007","E12000008","E12000009"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"ask":[],"text":"a charity is now confirmed open for children in England, Wales and Northern Ireland"}]}}',NULL);
INSERT INTO "event" VALUES('01a21ccb07f771ff8b5a759f524cd790',16,'intake.paused','2026-11-27 11:36:37.612655','01a21ccacf81730f9cea30170a8971df','{"id":"01a21ccb-07f7-71ff-8b5a-759f524cd790","type":"intake.paused","timestamp":"2026-11-27T11:36:37.612655Z","sequence":16,"test":false,"data":{"responder":{"id":"01a21cca-cf81-730f-9cea-30170a8971df","slug":"barnardos","name":"Barnardo''s","website":null,"contact":{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null},"remit":{"areas":[{"code":"E92000001","name":"England"},{"code":"W92000004","name":"Wales"},{"code":"N92000002","name":"Northern Ireland"}],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}},"intake":{"state":"paused","since":"2026-11-27T11:36:37.612655Z","said_by":"responder","confirmed_at":"2026-11-27T11:36:37.612655Z","confirm_by":"2026-12-04T11:36:37.612655Z","report":{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"},"last_report":null,"planned":null,"capacity_status":"no-capacity"},"sequence":16,"updated_at":"2026-11-27T11:36:37.612655Z"},"previous_state":"open"}}',NULL);
INSERT INTO "event" VALUES('01a21ccb07f871739be1d3fe98e48a73',17,'coverage.gap_opened','2026-11-27 11:36:37.612655',NULL,'{"id":"01a21ccb-07f8-7173-9be1-d3fe98e48a73","type":"coverage.gap_opened","timestamp":"2026-11-27T11:36:37.612655Z","sequence":17,"test":false,"data":{"cells":[{"areas":["E92000001","W92000004","N92000002","E12000001","E12000002","E12000003","E12000004","E12000005","E12000006","E12000007","E12000008","E12000009"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"ask":[],"text":"no charity is known to be open for children in Wales, Northern Ireland or any region of England as a whole"}]}}',NULL);
CREATE TABLE gap (
	place TEXT NOT NULL, 
	began BIGINT NOT NULL, 
	ended BIGINT, 
	seconds_before BIGINT NOT NULL, 
	CONSTRAINT pk_gap PRIMARY KEY (place, began)
);
INSERT INTO "gap" VALUES('E92000001',1795779383,NULL,0);
INSERT INTO "gap" VALUES('W92000004',1795779383,NULL,0);
INSERT INTO "gap" VALUES('S92000003',1795779383,NULL,0);
INSERT INTO "gap" VALUES('N92000002',1795779383,NULL,0);
INSERT INTO "gap" VALUES('E92000001/adult',1795779383,NULL,0);
INSERT INTO "gap" VALUES('E92000001/child',1795779383,NULL,0);
INSERT INTO "gap" VALUES('E92000001/young_person',1795779383,NULL,0);
INSERT INTO "gap" VALUES('W92000004/adult',1795779383,NULL,0);
INSERT INTO "gap" VALUES('W92000004/child',1795779383,NULL,0);
INSERT INTO "gap" VALUES('W92000004/young_person',1795779383,NULL,0);
INSERT INTO "gap" VALUES('S92000003/adult',1795779383,NULL,0);
INSERT INTO "gap" VALUES('S92000003/child',1795779383,NULL,0);
INSERT INTO "gap" VALUES('S92000003/young_person',1795779383,NULL,0);
INSERT INTO "gap" VALUES('N92000002/adult',1795779383,NULL,0);
INSERT INTO "gap" VALUES('N92000002/child',1795779383,NULL,0);
INSERT INTO "gap" VALUES('N92000002/young_person',1795779383,NULL,0);
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
	said_by TEXT, 
	CONSTRAINT pk_intake PRIMARY KEY (responder_id), 
	CONSTRAINT fk_intake_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "intake" VALUES('01a21ccacf81730f9cea30170a8971df','{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}','2026-11-27 11:36:37.612655','2026-11-27 11:36:37.612655','2026-12-04 11:36:37.612655',0,NULL,'2026-12-02 17:36:37.612655','2026-12-02 17:36:37.612655',NULL,'responder');
INSERT INTO "intake" VALUES('01a21ccacf9675b5a2537f041fc50763',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacf9f71e38f4e5dd806e38aea',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacfa77411873fa2250400cec3',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacfb077c58b2281e2a3ca85c9',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacfba71d8b5a6a08e7f6de156',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacfc2738f9dfb9ae379205c59',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacfcc7004892a78c229e72f95',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacfd47023a2c4c96d3bc1cc8b',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacfdd761dad09bf66bf67e074',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacfeb7004a7f9e58512795437',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacff4714594c19faa8cd370dd',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "intake" VALUES('01a21ccacffd7579ab01ba81fc551c75',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE partner (
	id CHAR(32) NOT NULL, 
	name TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_partner PRIMARY KEY (id), 
	CONSTRAINT uq_partner_name UNIQUE (name)
);
INSERT INTO "partner" VALUES('01a21ccaeb7f7088bd9901d1391b7cd9','Tool','2026-11-27 11:36:30.305182');
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
INSERT INTO "period" VALUES('01a21ccacfdd761dad09bf66bf67e074',0,'unconfirmed',1795779383,NULL,'["E92000001","W92000004","S92000003","N92000002"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a21ccacffd7579ab01ba81fc551c75',0,'unconfirmed',1795779383,NULL,'["N92000002"]',0,0,0,0,0,'["child","young_person"]');
INSERT INTO "period" VALUES('01a21ccacf9f71e38f4e5dd806e38aea',0,'unconfirmed',1795779383,NULL,'["N92000002"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a21ccacfd47023a2c4c96d3bc1cc8b',0,'unconfirmed',1795779383,NULL,'["W92000004"]',0,0,0,0,0,'["adult","child","young_person"]');
INSERT INTO "period" VALUES('01a21ccacff4714594c19faa8cd370dd',0,'unconfirmed',1795779383,NULL,'[]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a21ccacfba71d8b5a6a08e7f6de156',0,'unconfirmed',1795779383,NULL,'["E92000001","W92000004","S92000003","N92000002"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a21ccacfa77411873fa2250400cec3',0,'unconfirmed',1795779383,NULL,'["E92000001","W92000004","S92000003","N92000002"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a21ccacf9675b5a2537f041fc50763',0,'unconfirmed',1795779383,NULL,'["W92000004"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a21ccacfeb7004a7f9e58512795437',0,'unconfirmed',1795779383,NULL,'["S92000003"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a21ccacfb077c58b2281e2a3ca85c9',0,'unconfirmed',1795779383,NULL,'["E92000001"]',0,0,0,0,0,'["adult","young_person"]');
INSERT INTO "period" VALUES('01a21ccacfc2738f9dfb9ae379205c59',0,'unconfirmed',1795779383,NULL,'[]',0,0,0,0,0,'[]');
INSERT INTO "period" VALUES('01a21ccacfcc7004892a78c229e72f95',0,'unconfirmed',1795779383,NULL,'[]',0,0,0,0,0,'[]');
INSERT INTO "period" VALUES('01a21ccacf81730f9cea30170a8971df',0,'unconfirmed',1795779383,1795779397,'["E92000001","W92000004","N92000002"]',0,0,0,0,0,'["child"]');
INSERT INTO "period" VALUES('01a21ccacf81730f9cea30170a8971df',1,'open',1795779397,1795779397,'["E92000001","W92000004","N92000002"]',0,0,0,14,0,'["child"]');
INSERT INTO "period" VALUES('01a21ccacf81730f9cea30170a8971df',2,'paused',1795779397,NULL,'["E92000001","W92000004","N92000002"]',0,0,0,14,0,'["child"]');
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
INSERT INTO "report" VALUES('01a21ccb077772fea743c28b6db3c122','01a21ccacf81730f9cea30170a8971df','reported','2026-11-27 11:36:37.460963','open','{"state":"open","expected_response":{"min":5,"max":10,"unit":"working_days"},"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":null,"exceptions":[],"reopens_on":null,"note":null}',NULL,'2026-12-04 11:36:37.460963',14,'01a21ccaddbf731cbd475e001fa66e27','responder');
INSERT INTO "report" VALUES('01a21ccb07f871739be1d3ff2feb2076','01a21ccacf81730f9cea30170a8971df','reported','2026-11-27 11:36:37.612655','paused','{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}',NULL,'2026-12-04 11:36:37.612655',16,'01a21ccaddbf731cbd475e001fa66e27','responder');
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
	state_sequence BIGINT DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_responder PRIMARY KEY (id), 
	CONSTRAINT uq_responder_slug UNIQUE (slug)
);
INSERT INTO "responder" VALUES('01a21ccacf81730f9cea30170a8971df','barnardos','Barnardo''s',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["E92000001","W92000004","N92000002"],"exploitation_types":["all"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England, Wales and Northern Ireland","exploitation":"All","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,16,'2026-11-27 11:36:37.612655','2026-11-27 11:36:23.120816',NULL,16);
INSERT INTO "responder" VALUES('01a21ccacf9675b5a2537f041fc50763','bawso','BAWSO',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["W92000004"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,2,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,2);
INSERT INTO "responder" VALUES('01a21ccacf9f71e38f4e5dd806e38aea','belfast-and-lisburn-womens-aid','Belfast and Lisburn Women''s Aid',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["N92000002"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,3,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,3);
INSERT INTO "responder" VALUES('01a21ccacfa77411873fa2250400cec3','kalayaan','Kalayaan',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["K02000001"],"exploitation_types":["domestic_servitude"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Domestic servitude","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,4,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,4);
INSERT INTO "responder" VALUES('01a21ccacfb077c58b2281e2a3ca85c9','medaille-trust','Medaille Trust',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["E92000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,5,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,5);
INSERT INTO "responder" VALUES('01a21ccacfba71d8b5a6a08e7f6de156','migrant-help','Migrant Help',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["K02000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,6,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,6);
INSERT INTO "responder" VALUES('01a21ccacfc2738f9dfb9ae379205c59','refugee-council','Refugee Council',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["E92000001"],"exploitation_types":["all"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":true,"note":null,"as_published":{"geography":"England","exploitation":"All","demographic":"Adults and children","limitation":"Existing clients"},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,7,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,7);
INSERT INTO "responder" VALUES('01a21ccacfcc7004892a78c229e72f95','nspcc','NSPCC',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["K02000001"],"exploitation_types":["unknown"],"age_groups":["child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"UK","exploitation":"Unknown","demographic":"Children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,8,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,8);
INSERT INTO "responder" VALUES('01a21ccacfd47023a2c4c96d3bc1cc8b','new-pathways','New Pathways',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["W92000004"],"exploitation_types":["sexual"],"age_groups":["adult","child"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Wales","exploitation":"Sexual exploitation","demographic":"Adult and children","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,9,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,9);
INSERT INTO "responder" VALUES('01a21ccacfdd761dad09bf66bf67e074','salvation-army','The Salvation Army',NULL,'{"phone":{"text":"0800 808 3733","dial":"+448008083733","extension":null},"email":null,"url":null,"hours":"Answered at all hours according to its own site","all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["K02000001"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"As the briefing of 2024 has it. Later public notices say that The Salvation Army no longer covers Scotland; the organisation corrects its own remit here.","as_published":{"geography":"UK","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,10,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,10);
INSERT INTO "responder" VALUES('01a21ccacfeb7004a7f9e58512795437','tara','TARA',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["S92000003"],"exploitation_types":["sexual"],"age_groups":["adult"],"genders":["woman"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Scotland","exploitation":"Sexual exploitation","demographic":"Adult women","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,11,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,11);
INSERT INTO "responder" VALUES('01a21ccacff4714594c19faa8cd370dd','unseen','Unseen',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["E47000009"],"exploitation_types":["all"],"age_groups":["adult"],"genders":["all"],"existing_clients_only":false,"note":"The briefing says \"West of England\" without saying that it means the combined authority, whose code this is.","as_published":{"geography":"West of England","exploitation":"All","demographic":"Adults","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,12,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,12);
INSERT INTO "responder" VALUES('01a21ccacffd7579ab01ba81fc551c75','youth-work-alliance','Youth Work Alliance',NULL,'{"phone":null,"email":null,"url":null,"hours":null,"all_hours":null,"languages":[],"interpreters":null,"source":null}','{"areas":["N92000002"],"exploitation_types":["all"],"age_groups":["child","young_person"],"genders":["all"],"existing_clients_only":false,"note":null,"as_published":{"geography":"Northern Ireland","exploitation":"All","demographic":"Children and young people","limitation":null},"source":{"title":"Briefing on non-statutory First Responder capacity (Anti-Trafficking Monitoring Group and Kalayaan, mid 2024), Table 2","published":"2024"}}',168,13,'2026-11-27 11:36:23.120816','2026-11-27 11:36:23.120816',NULL,13);
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
INSERT INTO "sequence" VALUES(1,17,'2026-11-27 11:36:37.612655');
CREATE TABLE threshold (
	responder_id CHAR(32) NOT NULL, 
	threshold JSON, 
	open_referrals INTEGER, 
	counted_at DATETIME, 
	CONSTRAINT pk_threshold PRIMARY KEY (responder_id), 
	CONSTRAINT fk_threshold_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "threshold" VALUES('01a21ccacf81730f9cea30170a8971df','{"pause_at":100,"reopen_below":80,"report":{"state":"paused","expected_response":null,"expected_referral":null,"no_timeframe":false,"limited_to":null,"reason":"referral_threshold","exceptions":["self_referral"],"reopens_on":null,"note":"“Full” – for now"}}',40,'2026-11-27 11:36:37.583492');
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
	last_used_at DATETIME, 
	CONSTRAINT pk_token PRIMARY KEY (id), 
	CONSTRAINT ck_token_one_owner CHECK (responder_id IS NULL OR partner_id IS NULL), 
	CONSTRAINT fk_token_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_token_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id), 
	CONSTRAINT uq_token_hash UNIQUE (hash)
);
INSERT INTO "token" VALUES('01a21ccaddbf731cbd475e001fa66e27',X'2F4444516A4A3B581A3F7AE91D626D6166232B59C0F01ADA432FB9C7AF24CEA7','01a21ccacf81730f9cea30170a8971df',NULL,'["intake:write","responder:write","webhooks:manage"]','2026-11-27 11:36:26.787088',NULL,NULL,NULL,'2026-11-27 11:36:37.439946');
INSERT INTO "token" VALUES('01a21ccaeb86759f80f32364f4fc0b6e',X'0ADD10A497B912A594A39F3280E8F2437F046E25771B9BD74788BA65ACF5B488',NULL,'01a21ccaeb7f7088bd9901d1391b7cd9','["webhooks:manage"]','2026-11-27 11:36:30.305182','2036-11-24 11:36:30.305182',315360000,NULL,'2026-11-27 11:36:37.363913');
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
	failed_attempts INTEGER DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_webhook PRIMARY KEY (id), 
	CONSTRAINT fk_webhook_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_webhook_responder_id FOREIGN KEY(responder_id) REFERENCES responder (id)
);
INSERT INTO "webhook" VALUES('01a21ccb070f770c903b9813f4c78431',NULL,'01a21ccaeb7f7088bd9901d1391b7cd9','http://127.0.0.1:45823/','["all"]','["all"]','["all"]','v1','drop',17,'[{"sealed":"gAAAAABrCWtFWpBJDWXB7CoOr82KERVFYZsbWMKkP_wHVRcaXXCiCxGyiEVeznSX8AMYfwVaGTNDZw39mKSO6m_CutXQ0S5nyP3Qo0dWmpBz5zgPnjgW3nbGmBzktfUIVfi_DY_njaYqQDT_6Ne7lWqh1OE_WkuaYQ==","until":null}]',NULL,'active',NULL,'2026-11-27 11:36:37.391839',NULL,NULL,0,NULL,NULL,0,NULL,NULL,0);
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
CREATE INDEX ix_webhook_partner_id ON webhook (partner_id);
CREATE INDEX ix_webhook_responder_id ON webhook (responder_id);
CREATE INDEX ix_webhook_ready ON webhook (cursor) WHERE status = 'active' AND next_attempt_at IS NULL;
CREATE INDEX ix_webhook_backing_off ON webhook (next_attempt_at) WHERE status = 'active' AND next_attempt_at IS NOT NULL;
CREATE INDEX ix_webhook_out_of_order ON webhook (out_of_order_at) WHERE status = 'active' AND out_of_order_at IS NOT NULL;
CREATE INDEX ix_delivery_out_of_order ON delivery (webhook_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
COMMIT;
