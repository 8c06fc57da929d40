"""Other names of the same thing: codes of states, countries, languages, currencies, units, dates.

Written by us, small on purpose: what people say and tools want. A group is a line; its first words
are the code, the others what it stands for, phrases without blanks ("newyork").
"""

from __future__ import annotations

_GROUPS = """
al alabama;ak alaska;az arizona;ar arkansas;ca california;co colorado;ct connecticut;de delaware
fl florida;ga georgia;hi hawaii;id idaho;il illinois;in indiana;ia iowa;ks kansas;ky kentucky
la louisiana;me maine;md maryland;ma massachusetts;mi michigan;mn minnesota;ms mississippi
mo missouri;mt montana;ne nebraska;nv nevada;nh newhampshire;nj newjersey;nm newmexico
ny nyc newyork newyorkcity jfk lga ewr;nc northcarolina;nd northdakota;oh ohio;ok oklahoma;or oregon
pa pennsylvania;ri rhodeisland;sc southcarolina;sd southdakota;tn tennessee;tx texas;ut utah
vt vermont;va virginia;wa washington;wv westvirginia;wi wisconsin;wy wyoming
dc washington districtofcolumbia;la losangeles lax;sf sanfrancisco sfo frisco;lv vegas lasvegas las
sd sandiego
phl philly philadelphia;chi chicago chitown ord;bos boston;atl atlanta;sea seattle;dfw dallas
den denver;mia miami;lhr london;cdg paris;ber berlin;nola neworleans
us usa unitedstates america american states;uk gb gbr unitedkingdom britain british england english
uae unitedarabemirates emirates;eu europeanunion europe european
fr fra france french;de deu germany german;es esp spain spanish;it ita italy italian
pt prt portugal portuguese;nl nld netherlands dutch holland;be bel belgium belgian
ch che switzerland swiss;at aut austria austrian;se swe sweden swedish;no nor norway norwegian
dk dnk denmark danish;fi fin finland finnish;pl pol poland polish;ru rus russia russian
ua ukr ukraine ukrainian;gr grc greece greek;tr tur turkey turkish;cz cze czech czechia
hu hun hungary hungarian;ro rou romania romanian;ie irl ireland irish
cn chn china chinese;jp jpn japan japanese;kr kor korea korean southkorea;in ind india indian hindi
id idn indonesia indonesian;th tha thailand thai;vn vnm vietnam vietnamese;my mys malaysia malay
ph phl philippines filipino;sg sgp singapore;hk hongkong;tw twn taiwan
au aus australia australian;nz nzl newzealand;ca can canada canadian;mx mex mexico mexican
br bra brazil brazilian;ar arg argentina argentinian;cl chl chile chilean;co colombia colombian
za zaf southafrica;eg egy egypt egyptian;ng nga nigeria nigerian;ke ken kenya kenyan
il isr israel israeli;sa sau saudiarabia;ae are emirates
en eng english;fr fra french;de deu ger german;es spa spanish castilian;it ita italian
pt por portuguese;nl nld dutch;sv swe swedish;da dan danish;fi fin finnish;pl pol polish
ru rus russian;el gre greek;tr tur turkish;cs cze czech;ar ara arabic;he heb hebrew
zh chi zho chinese mandarin cn;ja jpn japanese;ko kor korean;hi hin hindi;th tha thai
vi vie vietnamese;uk ukr ukrainian;la lat latin
usd dollar dollars buck bucks american us;eur euro euros;gbp pound pounds sterling british uk
jpy yen japanese;cny rmb yuan renminbi chinese;inr rupee rupees indian;chf franc francs swiss
cad canadian;aud australian;nzd newzealand;krw won korean;rub ruble rubles rouble russian
brl real reais brazilian;mxn peso pesos mexican;sek swedish krona;nok norwegian krone
dkk danish krone;sgd singapore;hkd hongkong;zar rand southafrican;try lira turkish;thb baht thai
php peso philippine;idr rupiah indonesian;myr ringgit malaysian;pln zloty polish;ils shekel israeli
btc bitcoin bitcoins;eth ether ethereum;ltc litecoin
m meter meters metre metres;km kilometer kilometers kilometre kilometres;cm centimeter centimeters
mm millimeter millimeters;mi mile miles;ft foot feet;in inch inches;yd yard yards
kg kilo kilos kilogram kilograms;g gram grams;mg milligram milligrams;lb lbs pound pounds
oz ounce ounces;t ton tons tonne tonnes;l liter liters litre litres;ml milliliter milliliters
gal gallon gallons;tbsp tablespoon tablespoons;tsp teaspoon teaspoons;s sec second seconds
ms millisecond milliseconds;min mins minute minutes;h hr hrs hour hours hourly;d day days daily
w wk week weeks weekly;mo month months monthly;y yr year years yearly annual annually
c celsius centigrade;f fahrenheit;k kelvin;mph milesperhour;kph kmh kilometersperhour
pct percent percentage;hz hertz;v volt volts;w watt watts;j joule joules;n newton newtons
metric celsius kilogram kilograms kg cm km meters metres centimeters kilometers
imperial fahrenheit pound pounds lb lbs feet inches miles
jan january 1;feb february 2;mar march 3;apr april 4;may 5;jun june 6;jul july 7;aug august 8
sep sept september 9;oct october 10;nov november 11;dec december 12
child children kid kids;person people persons;man men;woman women;foot feet
tooth teeth;half halves;life lives;leaf leaves;wife wives;criterion criteria;index indices
theater theatre theaters theatres movie movies film films cinema
mon monday;tue tues tuesday;wed wednesday;thu thur thurs thursday;fri friday;sat saturday;sun sunday
ai artificialintelligence;ml machinelearning;ev electricvehicle;tv television;dr doctor;st street
ave avenue;rd road;blvd boulevard;mt mount;jr junior;sr senior;inc incorporated;corp corporation
co company;ltd limited;dept department;univ university;prof professor;vs versus
bw blackandwhite;wifi wireless internet;gym fitness;veg vegetarian;bb breakfast
asc ascending oldest lowest;desc descending newest highest latest;avg average mean;max maximum
min minimum;std standarddeviation;m male man men boy;f female woman women girl
"""


def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in _GROUPS.replace("\n", ";").split(";"):
        words = group.split()
        for word in words:
            found.setdefault(word, set()).update(words)
    return {word: frozenset(others) for word, others in found.items()}


ALIASES = _table()
"""A word or a phrase without blanks -> what else means it."""
NOTHING: frozenset[str] = frozenset()


def aliases(word: str) -> frozenset[str]:
    """Returns the other names of a lower-case word or squeezed phrase; empty when none is known."""
    return ALIASES.get(word, NOTHING)
