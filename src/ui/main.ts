import './starling-app.ts';
