"""Small tables with values on which engines differ."""

from __future__ import annotations

from typing import Final

TABLES: Final = {
    "t": {
        "id": "INTEGER",
        "g": "VARCHAR",
        "a": "INTEGER",
        "b": "INTEGER",
        "x": "DOUBLE",
        "s": "VARCHAR",
        "d": "DATE",
        "ts": "TIMESTAMP",
        "p": "DECIMAL(10,2)",
        "f": "BOOLEAN",
        "j": "VARCHAR",
    },
    "u": {"id": "INTEGER", "g": "VARCHAR", "a": "INTEGER", "b": "INTEGER"},
    "ev": {"id": "INTEGER", "sym": "VARCHAR", "tm": "TIMESTAMP"},
    "q": {"sym": "VARCHAR", "tm": "TIMESTAMP", "px": "INTEGER"},
    "odd": {"n": "BIGINT", "Mixed": "VARCHAR", "l": "INTEGER[]", "r": "FLOAT", "h": "HUGEINT"},
}
ROWS: Final = {
    "t": """(1,'x',5,2,2.5,'abcab','2024-01-31','2024-01-31 10:07:30',10.25,true,'{"k":"v1"}'),
        (2,'x',NULL,3,-2.5,'ABC','2024-02-29','2024-01-15 00:00:00',15.55,false,NULL),
        (3,'y',7,2,3.7,'abc','2023-12-31','2023-12-31 23:59:59',-4.50,NULL,'{"n":9}'),
        (4,'y',-7,3,0.05,NULL,NULL,NULL,NULL,true,NULL),
        (5,NULL,4,NULL,1.45,'12','2024-01-07','2024-01-01 01:01:00',0.01,false,'{}'),
        (6,'x',7,1,NULL,'a_b[a]','2024-12-30','2024-12-30 12:00:00',99.99,true,'{}'),
        (7,'X',-8,-3,-0.5,'abc ','1999-03-28','1999-03-28 02:30:00',-99.99,NULL,'%_\\')""",
    "u": "(1,'x',5,2),(2,'z',NULL,NULL),(3,'x',7,9),(9,NULL,4,3),(9,'X ',4,-3)",
    "ev": "(1,'A','2024-01-01 10:00:05'),(2,'A','2024-01-01 09:00:00')",
    "q": "('A','2024-01-01 10:00:00',100),('B','2024-01-01 12:00:00',7)",
    "odd": "(3000000000,'It''s',[1],1.5,3),(NULL,'it''s',NULL,NULL,NULL)",
}
