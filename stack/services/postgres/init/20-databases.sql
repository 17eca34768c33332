-- Applied statement by statement: a database that is there already is left as it is.
CREATE DATABASE business_data;
CREATE DATABASE nocobase OWNER nocobase;
CREATE DATABASE activepieces OWNER activepieces;
CREATE DATABASE n8n OWNER n8n;
CREATE DATABASE metabase OWNER metabase;
