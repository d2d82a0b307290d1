-- In which form a message goes: '' 8-bit data, concatenated when long; 'dd' in the parts of CSP's plain text syntax;
-- 'text' in the GSM 7-bit alphabet.
ALTER TABLE outbound ADD COLUMN form TEXT NOT NULL DEFAULT '';

-- The CSP syntax in which a peer spoke last; '' is not known.
ALTER TABLE peer ADD COLUMN syntax TEXT NOT NULL DEFAULT '';
