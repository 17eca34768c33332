-- A role reaches its own database and no other.
REVOKE ALL ON DATABASE business_data, nocobase, activepieces, n8n, metabase FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE business_data TO business;
GRANT CONNECT, TEMPORARY ON DATABASE nocobase TO nocobase;
GRANT CONNECT, TEMPORARY ON DATABASE activepieces TO activepieces;
GRANT CONNECT, TEMPORARY ON DATABASE n8n TO n8n;
GRANT CONNECT, TEMPORARY ON DATABASE metabase TO metabase;
