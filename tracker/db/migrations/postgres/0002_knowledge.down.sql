DROP TABLE lookup;
DROP TABLE lookup_key;
DROP TABLE lesson;
