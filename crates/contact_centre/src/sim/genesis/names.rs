//! Names that nobody in particular has.

pub(super) const FIRST: [&str; 48] = [
    "Amelia", "Noah", "Isla", "Oliver", "Mia", "Jack", "Ava", "Leo", "Chloe", "Henry", "Grace", "Lucas", "Aisha", "Ravi",
    "Priya", "Arjun", "Mei", "Wei", "Yuki", "Hana", "Lukas", "Anna", "Jonas", "Lena", "Élodie", "Hugo", "Camille", "Louis",
    "Giulia", "Marco", "Chiara", "Luca", "Zanele", "Thabo", "Aroha", "Tane", "Emma", "Liam", "Sofia", "Mateo", "Zoë", "Ivan",
    "Nadia", "Omar", "Fatima", "Samuel", "Ruth", "Daniel",
];

pub(super) const LAST: [&str; 48] = [
    "Nguyen", "Smith", "Jones", "Williams", "Brown", "Wilson", "Taylor", "Singh", "Patel", "Sharma", "Kaur", "Chen", "Wang",
    "Li", "Tanaka", "Sato", "Müller", "Schmidt", "Fischer", "Weber", "Dubois", "Moreau", "Lefèvre", "Rossi", "Ferrari",
    "Bianchi", "Nkosi", "Dlamini", "Ngata", "Parata", "Johnson", "Davis", "Miller", "García", "Martínez", "O'Connor", "Murphy",
    "Kelly", "MacDonald", "Campbell", "Evans", "Hughes", "Petrov", "Hassan", "Ahmed", "Khan", "Levy", "Cohen",
];

pub(super) const COMPANIES: [&str; 20] = [
    "Harbour Freight", "Blue Gum Dental", "Southern Cross Tiles", "Kauri Timber", "Northwind Travel", "Red Earth Mining",
    "Lakeside Motors", "Acorn Books", "Summit Roofing", "Pacific Tea", "Silverleaf Farms", "Old Mill Bakery", "Union Textiles",
    "Brightside Care", "Granite Legal", "Copper Kettle Catering", "Meridian Optics", "Delta Cycles", "Alpine Water", "Iron Bark Tools",
];
